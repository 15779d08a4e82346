//! Aligned columns for people.

use super::redact;

use super::terminal::cut;

/// What stands between two columns.
const GAP: &str = "  ";
/// As narrow as a column may become: what is cut further tells nobody what it was.
const NARROWEST: usize = 8;

/// A table that is printed with its columns aligned by spaces.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    is_prose: bool,
}

impl Table {
    /// A table with these column titles.
    pub fn new<S: Into<String>>(titles: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![titles.into_iter().map(Into::into).collect()], is_prose: false }
    }

    /// The same table for sentences that are to be read whole: they go on in the next line instead of being cut.
    #[must_use]
    pub fn of_prose(self) -> Self {
        Self { is_prose: true, ..self }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines of the table, the titles first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines_within(None)
    }

    /// The same in so many characters: the widest columns are cut, and say so, or go on in the next line. Secrets are masked
    /// before that: half of one is not known again.
    #[must_use]
    pub fn lines_within(&self, room: Option<usize>) -> Vec<String> {
        let mask = |row: &Vec<String>| row.iter().map(|cell| redact(cell)).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(mask).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(width).collect();
        if let Some(room) = room {
            shrink(&mut widths, room);
        }
        rows.iter().flat_map(|row| self.lines_of(row, &widths)).collect()
    }

    /// A row: one line, or several of prose.
    fn lines_of(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let fit = |(cell, width): (&String, &usize)| {
            if self.is_prose { wrapped(cell, *width) } else { vec![cut(cell, *width)] }
        };
        let cells: Vec<Vec<String>> = row.iter().zip(widths).map(fit).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |at: usize| {
            let pieces = cells.iter().zip(widths);
            let pieces = pieces.map(|(cell, width)| format!("{:width$}", cell.get(at).map_or("", String::as_str)));
            pieces.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        (0..height).map(line).collect()
    }
}

/// The text in lines of at most so many characters, broken at blanks where it can be. One that fits stays as it is.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((edge, _)) = rest.char_indices().nth(width.max(1)) {
        let (line, behind) = rest.split_at(edge);
        let blank = if behind.starts_with(' ') { None } else { line.rfind(' ').filter(|at| *at > 0) };
        let (line, behind) = rest.split_at(blank.unwrap_or(edge));
        lines.push(line.trim_end().to_owned());
        rest = behind.trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

/// Takes from the widest column, of equals the last, until there is room or nothing more to take.
fn shrink(widths: &mut [usize], room: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::remember_secret;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_space() {
        let mut table = Table::new(["NAME", "STATE"]);
        table.row(["argocd", "Synced"]);
        table.row(["root", ""]);
        assert_eq!(table.lines(), ["NAME    STATE", "argocd  Synced", "root"]);
    }

    #[test]
    fn a_table_is_as_wide_as_there_is_room() {
        let mut table = Table::new(["NAME", "STATE", "WHY"]);
        table.row(["argocd", "Degraded", "one or more tasks are not valid: it is not permitted"]);
        assert_eq!(table.lines_within(Some(40)), ["NAME    STATE     WHY", "argocd  Degraded  one or more tasks are…"]);
        assert_eq!(table.lines_within(Some(5))[1], "argocd  Degraded  one or …");
        assert_eq!(table.lines_within(Some(400)), table.lines());
    }

    #[test]
    fn prose_goes_on_in_the_next_line() {
        let mut table = Table::new(["CODE", "REMEDY"]).of_prose();
        table.row(["a", "take it out, and ask for that again"]);
        table.row(["b", "öffne /a/long/path/without/any/blank"]);
        let lines = ["CODE  REMEDY", "a     take it out, and", "      ask for that", "      again"];
        assert_eq!(table.lines_within(Some(23))[..4], lines);
        assert_eq!(
            table.lines_within(Some(23))[4..],
            ["b     öffne", "      /a/long/path/with", "      out/any/blank"]
        );
        assert_eq!(table.lines_within(Some(400)), table.lines());
        assert_eq!(table.lines().len(), 3);
    }
    #[test]
    fn no_part_of_a_secret_is_in_a_cell() {
        remember_secret("planted-in-a-table-of-two-columns");
        let mut table = Table::new(["NAME", "WHY"]);
        table.row(["argocd", "no login with planted-in-a-table-of-two-columns"]);
        assert_eq!(table.lines_within(Some(30))[1], "argocd  no login with *******");
    }
}
