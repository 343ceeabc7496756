package app.kabao.app

import android.app.Activity
import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import app.kabao.bridge.KitDoor
import app.kabao.core.languageOfTag
import app.kabao.kit.Device
import app.kabao.kit.LibraryException
import app.kabao.kit.Outcome
import app.kabao.kit.Wallet
import app.kabao.kit.explain
import app.kabao.kit.outcome
import app.kabao.model.Label
import app.kabao.model.Tongue
import app.kabao.model.WalletModel
import app.kabao.model.Words
import app.kabao.platform.AndroidKeys
import app.kabao.platform.AndroidSecrets
import app.kabao.platform.FingerPrompt
import app.kabao.wallet.ServiceSettings
import app.kabao.wallet.WalletSettings
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject
import java.io.File
import java.io.IOException
import java.lang.ref.WeakReference

/** What there is when the app has started. */
internal sealed interface Started {
    /** The wallet is open. */
    class Ready(val model: WalletModel, val wallet: Wallet) : Started

    /** It is not, and this is what the person reads. */
    class Not(val lines: List<String>) : Started
}

/** One wallet for the process, opened off the main thread when the first screen asks for it. */
public class KabaoApplication : Application() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val tag: String get() = resources.configuration.locales[0].toLanguageTag()

    internal var front: WeakReference<Activity> = WeakReference(null)

    internal val words: Words by lazy { Words(if (tag.startsWith("zh")) Tongue.CHINESE else Tongue.ENGLISH) }

    internal val started by lazy {
        scope.async {
            try {
                open()
            } catch (missing: LibraryException) {
                // An app that was built without the library for this processor: it says so and does nothing else.
                Started.Not(listOf(words[Label.SCREEN_NO_LIBRARY]))
            } catch (missing: LinkageError) {
                Started.Not(listOf(words[Label.SCREEN_NO_LIBRARY]))
            }
        }
    }

    /** The system may stop the process any moment now: files are closed, and what has no answer stays open. */
    internal fun left() {
        scope.launch {
            val now = started.await()
            if (now is Started.Ready) outcome { now.wallet.suspendNow() }
        }
    }

    private suspend fun open(): Started {
        val service = service(this) ?: return Started.Not(listOf(words[Label.SCREEN_NO_SERVICE]))
        val language = languageOfTag(tag)
        val settings = WalletSettings(File(noBackupFilesDir, "wallet").path, service, tag)
        val prompt = FingerPrompt({ front.get() }, words[Label.SCREEN_PAY], words[Label.SCREEN_BACK])
        val device = Device(AndroidSecrets(this), AndroidKeys(prompt))
        return when (val wallet = outcome { Wallet.open(settings, device) }) {
            is Outcome.Given -> {
                val model = WalletModel(KitDoor(wallet.value, language), words, scope)
                model.start()
                watchNetworks(wallet.value)
                Started.Ready(model, wallet.value)
            }
            is Outcome.Refused -> wallet.failure.explain(language).let { Started.Not(listOf(it.text, it.next)) }
        }
    }
}

/** From Wi-Fi to the mobile network and back: whoever waits for an answer on the old one is told at once. */
private fun Context.watchNetworks(wallet: Wallet) {
    getSystemService(ConnectivityManager::class.java).registerDefaultNetworkCallback(
        object : ConnectivityManager.NetworkCallback() {
            private var last: Network? = null

            override fun onAvailable(network: Network) {
                // The first call names the network that is there already.
                if (last != null && last != network) wallet.networkChanged()
                last = network
            }
        },
    )
}

/** The service that this app belongs to: `assets/service.json`, put there by who builds the app. */
private fun service(context: Context): ServiceSettings? =
    try {
        val file = JSONObject(context.assets.open("service.json").bufferedReader().use { it.readText() })
        ServiceSettings(
            url = file.getString("url"),
            tlsCaPem = file.getString("tls_ca_pem"),
            spkiPins = file.getJSONArray("spki_pins").texts(),
            rootKey = file.getString("root_key"),
            guid = file.getString("guid"),
            linkHost = if (file.isNull("link_host")) null else file.getString("link_host"),
        )
    } catch (absent: IOException) {
        null
    } catch (malformed: JSONException) {
        null
    }

private fun JSONArray.texts(): List<String> = (0 until length()).map(::getString)
