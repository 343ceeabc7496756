//! The stages of a test run and the summary that closes it.

use crate::count::Count;
use std::time::{Duration, Instant};

/// How a stage ended.
pub enum Verdict {
    /// Everything in it held.
    Ok,
    /// Something in it did not.
    Failed,
    /// It could not run here, and why.
    NotRun(String),
}

/// One line of the summary.
struct Stage {
    name: String,
    verdict: Verdict,
    count: Count,
    wall: Duration,
}

/// All stages of one run.
pub struct Report {
    stages: Vec<Stage>,
    not_run: Vec<String>,
    failed: Vec<String>,
    started: Instant,
    only: Option<String>,
}

impl Report {
    /// An empty report; the clock starts. With `only`, stages whose name does not hold that text are left out.
    pub fn new(only: Option<&str>) -> Report {
        Report { stages: Vec::new(), not_run: Vec::new(), failed: Vec::new(), started: Instant::now(), only: only.map(str::to_owned) }
    }

    /// Whether a stage of this name is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// Notes the time since the start as the first line of the summary.
    pub fn setup_took(&mut self, held: bool) {
        let verdict = if held { Verdict::Ok } else { Verdict::NotRun("see below".into()) };
        let wall = self.started.elapsed();
        self.stages.push(Stage { name: "setup".into(), verdict, count: Count::default(), wall });
    }

    /// Lists something that could not run.
    pub fn not_run(&mut self, line: String) {
        self.not_run.push(line);
    }

    /// Runs one stage and notes what it cost. Returns whether it held; one that is left out holds.
    ///
    /// A stage that failed without naming a failed test counts as one failure, so that the sum cannot hide it.
    pub fn stage(&mut self, name: &str, work: impl FnOnce(&mut Notes) -> (Verdict, Count)) -> bool {
        if !self.wants(name) {
            return true;
        }
        println!("\n== {name}");
        let started = Instant::now();
        let mut notes = Notes { lines: Vec::new(), said: Vec::new(), took: None };
        let (verdict, mut count) = work(&mut notes);
        let verdict = match verdict {
            Verdict::Ok if count.failed > 0 => Verdict::Failed,
            other => other,
        };
        if matches!(verdict, Verdict::Failed) && count.failed == 0 {
            count.failed = 1;
        }
        if let Verdict::NotRun(reason) = &verdict {
            println!("not run: {reason}");
            self.not_run.push(format!("{name}: {reason}"));
        }
        if matches!(verdict, Verdict::Failed) {
            self.failed.push(format!("- {name}"));
            self.failed.extend(notes.said.iter().map(|line| format!("  {line}")));
        }
        let wall = notes.took.unwrap_or_else(|| started.elapsed());
        self.not_run.extend(notes.lines);
        let held = matches!(verdict, Verdict::Ok);
        self.stages.push(Stage { name: name.to_owned(), verdict, count, wall });
        held
    }

    /// Prints the summary; its last line is `N passed, N failed`. Returns whether nothing failed.
    pub fn close(self) -> bool {
        let mut all = Count::default();
        println!("\n{:<32} {:<8} {:>7} {:>7} {:>8} {:>8}", "stage", "result", "passed", "failed", "skipped", "seconds");
        for stage in &self.stages {
            all += stage.count;
            let result = match stage.verdict {
                Verdict::Ok => "ok",
                Verdict::Failed => "FAILED",
                Verdict::NotRun(_) => "not run",
            };
            println!(
                "{:<32} {result:<8} {:>7} {:>7} {:>8} {:>8.1}",
                stage.name, stage.count.passed, stage.count.failed, stage.count.skipped, stage.wall.as_secs_f64()
            );
        }
        println!("{:<32} {:<8} {:>7} {:>7} {:>8} {:>8.1}", "all", "", all.passed, all.failed, all.skipped, self.started.elapsed().as_secs_f64());
        if !self.failed.is_empty() {
            println!("\nfailed:");
            self.failed.iter().for_each(|line| println!("{line}"));
        }
        if !self.not_run.is_empty() {
            println!("\nnot run:");
            self.not_run.iter().for_each(|line| println!("- {line}"));
        }
        println!("\n{} passed, {} failed", all.passed, all.failed);
        all.failed == 0
    }
}

/// What a stage that ran wants listed all the same.
pub struct Notes {
    lines: Vec<String>,
    said: Vec<String>,
    took: Option<Duration>,
}

impl Notes {
    /// A part of the stage that could not run here.
    pub fn not_run(&mut self, line: String) {
        self.lines.push(line);
    }

    /// What it said, of which the summary repeats what names a failure.
    pub fn said(&mut self, text: &str) {
        self.said = crate::said::of(text);
    }

    /// How long it took, where it ran beside another stage.
    pub fn took(&mut self, wall: Duration) {
        self.took = Some(wall);
    }
}
