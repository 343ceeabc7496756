import Foundation
import KabaoAdapters
import Network
import Testing

/// The watcher of networks over paths that the tests make.
@Suite(.serialized) struct NetworkTests {
    let network = TestNetwork.shared

    @Test func anotherNetworkIsToldOnceAndNothingElseIs() {
        let calls = Calls()
        let watch = NetworkWatch { calls.add() }
        let steps: [(NWPath, Int, String)] = [
            (NWPath(.unsatisfied), 0, "none yet"),
            (NWPath(.satisfied, "en0", gateway: "192.168.1.1"), 0, "the one that is there already"),
            (NWPath(.satisfied, "en0", gateway: "192.168.1.1", isExpensive: true), 0, "the same, dearer"),
            (NWPath(.satisfied, "pdp_ip0"), 1, "the mobile network"),
            (NWPath(.satisfied, "pdp_ip0"), 1, "the same again"),
            (NWPath(.unsatisfied), 1, "a lift"),
            (NWPath(.requiresConnection), 1, "still in it"),
            (NWPath(.satisfied, "pdp_ip0"), 2, "out of the lift"),
            (NWPath(.satisfied, "en0", gateway: "192.168.1.1"), 3, "home"),
            (NWPath(.satisfied, "en0", gateway: "10.0.0.1"), 4, "another Wi-Fi"),
        ]
        for (path, told, what) in steps {
            network.becomes(path)
            #expect(calls.count == told, "\(what)")
        }
        withExtendedLifetime(watch) {}
    }

    @Test func whoIsGoneWatchesNoMore() {
        let before = network.watchers
        do {
            let watch = NetworkWatch {}
            #expect(network.watchers == before + 1)
            withExtendedLifetime(watch) {}
        }
        #expect(network.watchers == before)
    }
}

final class Calls: @unchecked Sendable {
    private let lock = NSLock()
    private var made = 0
    func add() { lock.withLock { made += 1 } }
    var count: Int { lock.withLock { made } }
}
