//! Holds nothing: the figures are in `benches`.
