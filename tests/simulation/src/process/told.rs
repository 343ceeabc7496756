//! The words about kills: for the shell, and for the page on reliability.

use super::kill::Kills;
use super::service::Falls;
use std::fmt::Write as _;

const KILL_MODEL: &str = "\
Fault model. The app is a process of its own, on real files; the service, bank and acquirer go on. *At random*: SIGKILL at a moment drawn
between the PIN and the time when the answer is stored, while the service holds its answer up to 100 ms; of a code that a till reads it counts
from the charge, of a transfer that is called back from that wish. *At a call that writes*: SIGKILL in the
place of the n-th write, sync, cut, removal or sending of the process, for each n of an undisturbed movement. Then the app starts without a
network, and says of every payment that has no result that it is unknown; then with one, until each has its end. Compared are the phone's
payments, chain and balance with the books of service and bank. A kill leaves what the system has taken over: what is lost with the power is
below.";

impl Kills {
    /// The table of states, for the shell.
    pub fn print(&self, what: &str) {
        for ((flow, phone, service), count) in &self.states {
            println!("{flow:<10} the phone knew {phone:<10} the service had it as {service:<12}{count:>6}");
        }
        println!("{what}: {} kills hit, {} of them ({} %) with a payment in flight, {} came too late", self.hits, self.in_flight, self.share(), self.missed);
        if let Some(reason) = &self.not_run {
            println!("not run: {reason}");
        }
    }

    /// The one line.
    #[must_use]
    pub fn figure(random: &Kills, writes: &Kills, seed: u64, seconds: f64) -> String {
        let all = random.hits + writes.hits;
        format!(
            "seed {seed}: 0 lost, 0 done twice in {all} kills ({} at random, {} % of them in flight; {} at a call that writes), < 3/{all} at 95 % under this fault model; {seconds:.0} s",
            random.hits,
            random.share(),
            writes.hits
        )
    }

    /// The part of the page.
    #[must_use]
    pub fn text(command: &str, random: &Kills, writes: &Kills, seed: u64, seconds: f64) -> String {
        let mut text = format!("## Kills\n\n`{command}`:\n\n**{}**\n\n{KILL_MODEL}\n\n", Kills::figure(random, writes, seed, seconds));
        text.push_str("| movement | the phone knew at the next start | the service had it as | at random | at a call that writes |\n|---|---|---|---|---|\n");
        let keys: std::collections::BTreeSet<_> = random.states.keys().chain(writes.states.keys()).collect();
        for key in keys {
            let (flow, phone, service) = key;
            let of = |kills: &Kills| kills.states.get(key).copied().unwrap_or(0);
            let _ = writeln!(text, "| {flow} | {phone} | {service} | {} | {} |", of(random), of(writes));
        }
        text
    }
}

const FALL_MODEL: &str = "\
Fault model. The service with bank, vault and acquirer is one process on real files; three phones, each on a thread of its own, top up, pay,
withdraw, send each other money and have their codes charged twice by one order and once by another, as fast as they are answered. SIGKILL
up to 60 ms after one of the first five payments and charges since its last start arrived. After a start the bank may answer nothing,
or later. In the end nothing is killed any more, the clock goes on by ten minutes, and
compared are all books with each other and with what the phones say. A kill leaves what the system has taken over.";

impl Falls {
    /// What it came to, for the shell.
    pub fn print(&self) {
        for (end, count) in &self.ends {
            println!("{end:<24}{count:>6}");
        }
        println!("{} charges at a till; {} of {} kills left something without its end in the book", self.charges, self.half_done, self.kills);
    }

    /// The one line.
    #[must_use]
    pub fn figure(&self, seed: u64, seconds: f64) -> String {
        let payments: u64 = self.ends.values().sum::<u64>() + self.charges;
        format!(
            "seed {seed}: 0 lost, 0 carried out twice in {} kills under {payments} payments and charges, < 3/{} a kill at 95 % under this fault model; {seconds:.0} s",
            self.kills, self.kills
        )
    }

    /// The part of the page.
    #[must_use]
    pub fn text(&self, command: &str, seed: u64, seconds: f64) -> String {
        let mut text = format!("## Kills of the service\n\n`{command}`:\n\n**{}**\n\n{FALL_MODEL}\n\n", self.figure(seed, seconds));
        let _ = writeln!(text, "{} of the kills left a payment or a charge without its end in the book.\n", self.half_done);
        text.push_str("| what | ended as | times |\n|---|---|---|\n");
        for (end, count) in &self.ends {
            let (what, state) = end.split_once(' ').unwrap_or((end, ""));
            let _ = writeln!(text, "| {} | {state} | {count} |", if what.is_empty() { "never arrived" } else { what });
        }
        let _ = writeln!(text, "| charge | paid | {} |", self.charges);
        text
    }
}
