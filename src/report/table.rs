//! Aligned columns for people.

use super::terminal::cut;

/// What stands between two columns.
const GAP: &str = "  ";
/// As narrow as a column may become.
const NARROWEST: usize = 8;

/// A table that is printed with its columns aligned by spaces.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles.
    pub fn new<S: Into<String>>(titles: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![titles.into_iter().map(Into::into).collect()] }
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

    /// The same in so many characters: the widest columns are cut, and say so.
    #[must_use]
    pub fn lines_within(&self, room: Option<usize>) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(width).collect();
        if let Some(room) = room {
            shrink(&mut widths, room);
        }
        self.rows
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", cut(cell, *width)));
                let line: Vec<String> = cells.collect();
                line.join(GAP).trim_end().to_owned()
            })
            .collect()
    }
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
}
