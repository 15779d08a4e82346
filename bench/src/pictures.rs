//! What is drawn of a run: who needs how much, and where the time of a first install goes.

use crate::report::{Measure, OURS, Row};
use crate::svg::{BLUE, GREY, LINE, ORANGE, Svg, cut};
use crate::trace::{Span, Trace};

/// Where bars begin, after what they are of.
const LEFT: f64 = 400.0;
/// Where the longest one ends, before its number.
const RIGHT: f64 = 850.0;
/// A wait that is shorter is left out of the picture, in seconds.
const SHORT: f64 = 0.2;
/// Between two marks of the time, in seconds.
const MARKS: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// The programs side by side, for each piece of work that more than one does.
pub fn bars(rows: &[Row]) -> String {
    let mut svg = Svg::default();
    for measure in [Measure::Wall, Measure::Moment, Measure::Cpu, Measure::Memory] {
        let of_it: Vec<&Row> = rows.iter().filter(|it| it.measure == measure).collect();
        for (place, row) in of_it.iter().enumerate() {
            let group: Vec<&&Row> = of_it.iter().filter(|it| it.what == row.what).collect();
            let is_first = of_it[..place].iter().all(|it| it.what != row.what);
            if !is_first || group.len() < 2 || !group.iter().any(|it| it.program == OURS) {
                continue;
            }
            svg.heading(&format!("{}: {}", row.what, measure.name()));
            let most = group.iter().map(|it| it.value).fold(0.0, f64::max);
            for row in group {
                let top = svg.line();
                let width = (RIGHT - LEFT) * row.value / most;
                svg.text(LEFT - 8.0, top, "end", false, &cut(&row.program, LEFT - 16.0));
                let told = measure.told(row.value);
                svg.bar(LEFT, top, width, if row.program == OURS { BLUE } else { GREY }, &told);
                svg.text(LEFT + width + 6.0, top, "start", false, &told);
            }
        }
    }
    svg.finish()
}

/// What a run did when: its pieces of work, and below these what it waited for.
pub fn timeline(trace: &Trace) -> String {
    let mut svg = Svg::default();
    let end = trace.end();
    let at = |seconds: f64| LEFT + (RIGHT - LEFT) * seconds / end;
    let waits: Vec<&Span> = trace.waits.iter().filter(|it| it.to - it.from >= SHORT).collect();
    let names: Vec<&str> = waits.iter().enumerate().fold(Vec::new(), |mut names, (_, span)| {
        if !names.contains(&span.name.as_str()) {
            names.push(&span.name);
        }
        names
    });

    let axis = svg.line();
    let lines = u32::try_from(trace.phases.len() + names.len()).unwrap_or_default() + 4;
    let between = MARKS.into_iter().find(|it| end / it <= 12.0).unwrap_or(60.0);
    let marks = (0_u32..).map(|it| f64::from(it) * between).take_while(|it| *it <= end);
    for mark in marks {
        svg.rule(at(mark), axis + LINE, lines * LINE);
        svg.text(at(mark), axis, "middle", false, &format!("{mark:.0} s"));
    }
    let bar = |svg: &mut Svg, top: u32, span: &Span, fill: &str| {
        let told = format!("{:.2} s", span.to - span.from);
        svg.bar(at(span.from), top, at(span.to) - at(span.from), fill, &format!("{}: {told}", span.name));
        told
    };
    svg.heading("What was done");
    for span in &trace.phases {
        let top = svg.line();
        svg.text(LEFT - 8.0, top, "end", false, &cut(&span.name, LEFT - 16.0));
        let told = bar(&mut svg, top, span, BLUE);
        svg.text(at(span.to) + 6.0, top, "start", false, &told);
    }
    svg.heading("What was waited for");
    for name in names {
        let top = svg.line();
        svg.text(LEFT - 8.0, top, "end", false, &cut(name, LEFT - 16.0));
        for span in waits.iter().filter(|it| it.name == name) {
            bar(&mut svg, top, span, ORANGE);
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    #[test]
    fn what_one_program_does_alone_is_not_compared() {
        let mut report = Report::default();
        report.add("alone", Measure::Wall, OURS, 1.0, None);
        report.add("together", Measure::Wall, OURS, 1.0, None);
        report.add("together", Measure::Wall, "peer", 2.0, None);
        let picture = bars(&report.rows);
        assert!(picture.contains("together: wall") && !picture.contains("alone"), "{picture}");
        assert_eq!(picture.matches("<rect").count(), 3, "the ground and two bars");
    }

    #[test]
    fn a_timeline_has_each_wait_once_and_no_short_ones() {
        let span = |name: &str, from, to| Span { name: name.to_owned(), from, to };
        let phases = vec![span("apply", 0.0, 2.0), span("sync", 2.0, 12.0)];
        let waits = vec![span("root", 2.0, 4.0), span("argocd", 4.0, 4.1), span("root", 5.0, 12.0)];
        let picture = timeline(&Trace { phases, waits });
        assert_eq!(picture.matches(">root</text>").count(), 1, "{picture}");
        assert!(!picture.contains("argocd") && picture.contains("10.00 s"), "{picture}");
    }
}
