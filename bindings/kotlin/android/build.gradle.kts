// Not built here: needs the Android SDK, the NDK and cargo-ndk. README.md says how.
plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
}

group = "app.kabao"
version = "0.1.0"

android {
    namespace = "app.kabao.kit"
    compileSdk = 36
    ndkVersion = "28.2.13676358"

    defaultConfig {
        minSdk = 26
        ndk { abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64") }
        consumerProguardFiles("../kit/src/main/resources/META-INF/proguard/kabao-kit.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
        // java.time below API 26 is not needed: minSdk is 26.
    }

    // Libraries stay uncompressed and aligned to pages of 16 KiB; since NDK 28 the linker aligns so by itself.
    packaging { jniLibs { useLegacyPackaging = false } }

    sourceSets["main"].kotlin.srcDirs("../kit/src/main/kotlin", "../ffi/target/generated-sources")
    sourceSets["main"].jniLibs.srcDir(layout.buildDirectory.dir("jniLibs"))
}

kotlin { jvmToolchain(17) }

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
}

/** The library for every ABI, without the keys for development. */
val rust by tasks.registering(Exec::class) {
    workingDir = rootDir.resolve("../../..")
    commandLine(
        "cargo", "ndk", "--platform", "26",
        "--target", "arm64-v8a", "--target", "armeabi-v7a", "--target", "x86_64",
        "--output-dir", layout.buildDirectory.dir("jniLibs").get().asFile.path,
        "build", "--release", "--package", "kabao-ffi",
    )
}

tasks.named("preBuild") { dependsOn(rust) }
