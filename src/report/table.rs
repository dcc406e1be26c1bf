//! A table on a terminal: columns padded by display width, rows written as they come.

use std::io::{self, Write};

use super::text::{printable, width};

/// Rows held back to find out how wide the columns are; later rows are written at once.
const HELD: usize = 500;
/// A cell wider than this does not widen its column.
const WIDEST: usize = 56;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    head: &'static str,
    right: bool,
}

/// A column of text.
pub(crate) const fn left(head: &'static str) -> Column {
    Column { head, right: false }
}

/// A column of numbers.
pub(super) const fn right(head: &'static str) -> Column {
    Column { head, right: true }
}

enum Row {
    Cells(Vec<String>),
    Line(String),
}

/// Writes a table. Cells are made printable; lines between rows are written as they are.
pub(crate) struct Table<W> {
    out: W,
    columns: Vec<Column>,
    widths: Vec<usize>,
    held: Option<Vec<Row>>,
}

impl<W: Write> Table<W> {
    pub(crate) fn new(out: W, columns: Vec<Column>) -> Self {
        let widths = columns.iter().map(|column| width(column.head)).collect();
        Self { out, columns, widths, held: Some(Vec::new()) }
    }

    /// Adds a row, a cell for each column.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
        let cells = cells.into_iter().map(|cell| printable(cell.as_ref()).into_owned()).collect();
        self.add(Row::Cells(cells))
    }

    /// Adds a line of its own between rows.
    pub(crate) fn line(&mut self, text: String) -> io::Result<()> {
        self.add(Row::Line(text))
    }

    fn add(&mut self, row: Row) -> io::Result<()> {
        let Some(held) = &mut self.held else { return self.write(&row) };
        if let Row::Cells(cells) = &row {
            for (cell, widest) in cells.iter().zip(&mut self.widths) {
                *widest = (*widest).max(width(cell).min(WIDEST));
            }
        }
        held.push(row);
        if held.len() >= HELD { self.write_held() } else { Ok(()) }
    }

    /// Writes what is held back.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write_held()?;
        self.out.flush()
    }

    fn write_held(&mut self) -> io::Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if held.iter().any(|row| matches!(row, Row::Cells(_))) {
            let heads = self.columns.iter().map(|column| column.head.to_owned()).collect();
            self.write(&Row::Cells(heads))?;
        }
        held.iter().try_for_each(|row| self.write(row))
    }

    fn write(&mut self, row: &Row) -> io::Result<()> {
        let cells = match row {
            Row::Line(line) => return writeln!(self.out, "{line}"),
            Row::Cells(cells) => cells,
        };
        let mut line = String::new();
        for ((cell, column), &wide) in cells.iter().zip(&self.columns).zip(&self.widths) {
            let padding = " ".repeat(wide.saturating_sub(width(cell)));
            let (before, after) = if column.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
            line.push_str("  ");
        }
        writeln!(self.out, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[[&str; 3]]) -> String {
        let mut out = Vec::new();
        let mut table = Table::new(&mut out, vec![left("asset"), right("items"), left("reason")]);
        for row in rows {
            table.row(row).expect("memory takes everything");
        }
        table.finish().expect("memory takes everything");
        String::from_utf8(out).expect("cells are text")
    }

    #[test]
    fn columns_line_up_by_display_width() {
        insta::assert_snapshot!(drawn(&[["日本", "7", "wide"], ["orders", "1,204", ""], ["\x1b[1m", "12", "bold"]]), @r"
        asset      items  reason
        日本           7  wide
        orders     1,204
        \u{1b}[1m     12  bold
        ");
    }

    #[test]
    fn a_monstrous_cell_does_not_push_the_others_away() {
        let long = "x".repeat(300);
        let table = drawn(&[[&long, "1", "long"], ["short", "2", "short"]]);
        let short = table.lines().nth(2).expect("a head and two rows");
        assert_eq!(short.find('2'), Some(WIDEST + 2 + 4));
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        assert_eq!(drawn(&[]), "");
    }
}
