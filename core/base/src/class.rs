//! How sensitive a value is, after JR/T 0171-2020. The class is part of the type, so that a value
//! cannot reach a log line by accident.

use std::fmt;

/// The data class of a value or of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Internal: ids, states, tokens, settings. May stand in a log.
    C1,
    /// Personal: names, telephone numbers, amounts, payees. Only encrypted, never in a log.
    C2,
    /// Secret: card number, CVV, PIN, password, one-time code. Never on disk, not even encrypted.
    C3,
}

/// A value of class C1. Debug shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct C1<T>(pub T);

/// A value of class C2. Debug shows the class alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct C2<T>(pub T);

impl<T> fmt::Debug for C2<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("C2(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_does_not_print() {
        let shown = format!("{:?}", C2("张三"));
        assert_eq!(shown, "C2(…)");
    }
}
