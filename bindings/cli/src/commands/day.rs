//! Without a command: the day of a person, told as it happens.

use crate::journey::format::Journey;
use crate::journey::phone::Holder;
use crate::show::story::{Detail, Story};
use kabao_core::words::Language;

/// The day as data; the same file that the tests replay.
const DAY: &str = include_str!("../../../../tests/journeys/first-day.json");

/// Plays the day.
///
/// # Errors
/// What went otherwise than written.
pub fn play(language: &str) -> Result<(), String> {
    let journey = Journey::read(DAY)?;
    let mut story = Story::new(Detail::Story, Language::from_tag(language));
    story.line(journey.about.in_language(Language::from_tag(language)));
    super::journey::play(&journey, None, language, &Holder::Here, &mut story, false).map(|_| ())
}
