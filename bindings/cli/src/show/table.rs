//! Tables and boxes that fit a terminal of 80 columns. A Chinese character is two columns wide.

use std::fmt;

/// The widest line that is written.
pub const COLUMNS: usize = 80;

/// How many columns a character takes on a terminal (UAX 11: wide and full-width are two).
pub fn columns_of(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
        | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The text in at most `limit` columns; what does not fit becomes an ellipsis.
pub fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0usize);
    for character in text.chars() {
        let more = columns_of(character);
        if used + more + 1 > limit {
            break;
        }
        kept.push(character);
        used += more;
    }
    kept.push('…');
    kept
}

/// The text with spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let mut padded = text.to_owned();
    padded.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(text))));
    padded
}

/// The text broken into lines of at most `limit` columns: at spaces, and between Chinese characters.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(2);
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last().map_or(0, |line| width(line));
        if line > 0 && line + width(piece.trim_end()) > limit {
            lines.push(String::new());
        }
        let mut rest = if lines.last().is_some_and(String::is_empty) { piece.trim_start() } else { piece };
        while width(rest) > limit {
            let at = rest.char_indices().scan(0, |used, (at, character)| {
                *used += columns_of(character);
                Some((at, *used))
            });
            let end = at.take_while(|(_, used)| *used <= limit).last().map_or(rest.len(), |(at, _)| at);
            let end = rest[end..].chars().next().map_or(rest.len(), |character| end + character.len_utf8());
            let (head, tail) = rest.split_at(end);
            if let Some(last) = lines.last_mut() {
                last.push_str(head);
            }
            lines.push(String::new());
            rest = tail;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(rest);
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Pieces that are not broken: words with the space behind them, single wide characters, and a mark of punctuation with
/// what stands before it.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut letters = text.char_indices().peekable();
    while let Some((at, character)) = letters.next() {
        let Some((next_at, next)) = letters.peek().copied() else { break };
        let closes = "，。、；：？！）」』”’》%,.;:?!)…".contains(next);
        let opens = "（「『“‘《(".contains(character);
        let breaks = character == ' ' || columns_of(character) == 2 || columns_of(next) == 2;
        if breaks && !closes && !opens && next != ' ' && at >= *cuts.last().unwrap_or(&0) {
            cuts.push(next_at);
        }
    }
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(*pair.first()?..*pair.get(1)?)).filter(|piece| !piece.is_empty()).collect()
}

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Amounts.
    Right,
}

/// Rows under headings.
pub struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with one side for each column.
    pub fn new(sides: &[Side]) -> Table {
        Table { sides: sides.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.sides.len()];
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        // Two spaces between columns, two before the first; the widest column of words gives way.
        let room = COLUMNS.saturating_sub(2 * self.sides.len());
        while widths.iter().sum::<usize>() > room {
            let words = self.sides.iter().zip(widths.iter_mut()).filter(|(side, _)| **side == Side::Left);
            match words.map(|(_, width)| width).max() {
                Some(widest) if *widest > 4 => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            let mut line = String::new();
            for (index, (side, columns)) in self.sides.iter().zip(&widths).enumerate() {
                let cell = cut(row.get(index).map_or("", String::as_str), *columns);
                line.push_str("  ");
                match side {
                    Side::Left => line.push_str(&pad(&cell, *columns)),
                    Side::Right => {
                        line.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&cell))));
                        line.push_str(&cell);
                    }
                }
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A box of names and values, as a receipt is.
pub struct Lines {
    title: String,
    lines: Vec<(String, String)>,
    end: Option<String>,
}

impl Lines {
    /// An empty box.
    pub fn titled(title: &str) -> Lines {
        Lines { title: title.to_owned(), lines: Vec::new(), end: None }
    }

    /// Adds a line.
    pub fn add(&mut self, name: &str, value: &str) {
        self.lines.push((name.to_owned(), value.to_owned()));
    }

    /// Says what stands below the line.
    pub fn end(&mut self, text: &str) {
        self.end = Some(text.to_owned());
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        let values = self.lines.iter().map(|(_, value)| width(value)).max().unwrap_or(0);
        let end = self.end.as_deref().map_or(0, width);
        let inner = (names + 2 + values).max(width(&self.title)).max(end).min(COLUMNS - 6);
        let rule = |formatter: &mut fmt::Formatter<'_>, left: char, right: char| {
            let bar: String = std::iter::repeat_n('─', inner + 2).collect();
            writeln!(formatter, "  {left}{bar}{right}")
        };
        let line = |formatter: &mut fmt::Formatter<'_>, text: &str| writeln!(formatter, "  │ {} │", pad(&cut(text, inner), inner));
        rule(formatter, '┌', '┐')?;
        line(formatter, &self.title)?;
        rule(formatter, '├', '┤')?;
        for (name, value) in &self.lines {
            line(formatter, &format!("{}  {value}", pad(name, names)))?;
        }
        if let Some(end) = &self.end {
            rule(formatter, '├', '┤')?;
            line(formatter, end)?;
        }
        rule(formatter, '└', '┘')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_two_columns_wide() {
        assert_eq!((width("卡包 a"), width("¥23.50"), width("（尾号 0018）")), (6, 6, 13));
        assert_eq!(cut("老王早餐铺", 7), "老王早…");
        assert_eq!(cut("老王", 4), "老王");
        assert_eq!(pad("卡", 4), "卡  ");
    }

    #[test]
    fn every_line_fits() {
        let mut table = Table::new(&[Side::Left, Side::Left, Side::Right]);
        table.row(&["2026-11-22 12:19", &"老王早餐铺".repeat(20), "-¥23.50"]);
        table.row(&["2026-11-22 12:20", "x", "¥1,200.00"]);
        let text = table.to_string();
        assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
        let ends: Vec<usize> = text.lines().map(width).collect();
        assert_eq!(ends[0], ends[1]);
        let mut lines = Lines::titled("付款凭证");
        lines.add("收款方", &"很长的名字".repeat(30));
        lines.add("金额", "¥23.50");
        lines.end("已验证签名");
        let text = lines.to_string();
        assert!(text.lines().all(|line| width(line) == width(text.lines().next().unwrap())), "{text}");
        assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
    }

    #[test]
    fn text_is_broken_where_it_may_be() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("结果待确认，请不要重复付款", 12), ["结果待确认，", "请不要重复付", "款"]);
        assert_eq!(wrap("", 10), [""]);
        for limit in 2..30 {
            let text = "余额 ¥200.00（刚刚）, see https://localhost:8443/a-very-long-path 完";
            let lines = wrap(text, limit);
            assert!(lines.iter().all(|line| width(line) <= limit.max(4)), "{limit}: {lines:?}");
            let squeeze = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            assert_eq!(squeeze(&lines.concat()), squeeze(text));
        }
    }
}
