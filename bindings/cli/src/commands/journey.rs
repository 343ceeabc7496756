//! `kabao journey FILE…`: replays what a person does, each file in a world of its own.

use crate::journey::format::Journey;
use crate::journey::phone::Holder;
use crate::journey::run::run;
use crate::journey::service::Service;
use crate::journey::told::Line;
use crate::journey::world::World;
use crate::show::story::{Detail, Story};
use kabao_core::words::Language;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is replayed, and where.
#[derive(clap::Args)]
pub struct JourneyArgs {
    /// The journeys.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A service that runs already; without it each journey starts one of its own.
    #[arg(long)]
    pub service: Option<PathBuf>,
    /// Where the transcript is written: a file, or with several journeys a folder.
    #[arg(long)]
    pub transcript: Option<PathBuf>,
    /// Tells the story instead of the steps.
    #[arg(long)]
    pub story: bool,
    /// Says nothing but what went wrong.
    #[arg(long, short, conflicts_with = "story")]
    pub quiet: bool,
    /// Goes on after a step that came out otherwise, and tells all of them: for writing journeys.
    #[arg(long)]
    pub keep_going: bool,
    /// The wallets are in the program at the other end of standard output and input, which makes each call that stands on a
    /// line there: how the packages in Kotlin and Swift replay journeys.
    #[arg(long, conflicts_with = "story")]
    pub wallets_on_stdio: bool,
}

/// Replays the journeys. Gives whether all of them came out as written.
///
/// # Errors
/// The text to show when a journey cannot be read or its world cannot be built.
pub fn replay(args: &JourneyArgs, language: Option<&str>) -> Result<bool, String> {
    let holder = if args.wallets_on_stdio { Holder::There(Arc::new(Line::default())) } else { Holder::Here };
    let detail = match (args.story, args.quiet || args.wallets_on_stdio) {
        (true, _) => Detail::Story,
        (_, true) => Detail::Nothing,
        _ => Detail::Steps,
    };
    let mut all = true;
    for path in &args.files {
        let journey = Journey::load(path)?;
        let chosen = language.or(journey.language.as_deref()).unwrap_or("zh-CN");
        let mut story = Story::new(detail, Language::from_tag(chosen));
        match play(&journey, args.service.as_deref(), chosen, &holder, &mut story, args.keep_going) {
            Ok(transcript) => {
                if let Some(out) = &args.transcript {
                    let out = if args.files.len() > 1 { out.join(format!("{}.jsonl", journey.name)) } else { out.clone() };
                    std::fs::write(&out, transcript).map_err(|error| format!("{}: {error}", out.display()))?;
                }
                story.line(&format!("{}: {} steps, as written", journey.name, story.steps()));
            }
            Err(error) => {
                eprintln!("{error}");
                all = false;
            }
        }
    }
    Ok(all)
}

/// Plays one journey in a folder that is gone afterwards. Gives its transcript.
///
/// # Errors
/// What went wrong.
pub fn play(
    journey: &Journey,
    service: Option<&Path>,
    language: &str,
    holder: &Holder,
    story: &mut Story,
    keep_going: bool,
) -> Result<String, String> {
    let folder = tempfile::Builder::new().prefix("kabao-").tempdir().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| error.to_string())?;
    let service = match service {
        Some(path) => Service::running(path)?,
        None => Service::start(&folder.path().join("service"), &folder.path().join("service.log"))?,
    };
    runtime.block_on(async {
        let mut world = World::new(folder.path().to_owned(), service, language, holder.clone()).await?;
        let told = tokio::select! {
            told = run(journey, &mut world, Language::from_tag(language), story, keep_going) => told,
            // Ended by the person: the folder goes all the same.
            _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
        };
        world.end().await;
        told.map(|transcript| transcript.text())
    })
}
