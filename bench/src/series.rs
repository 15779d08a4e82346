//! The same work, done by several programs in turns, so that a busy moment of the machine meets them all.

use anyhow::{Context, Result};

use crate::clock::{Effort, Times, summary};
use crate::report::{Bound, Measure, Report};

/// What has been measured so far.
#[derive(Debug, Default)]
pub struct Series {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    what: String,
    measure: Measure,
    program: String,
    values: Vec<f64>,
    bound: Option<Bound>,
}

impl Series {
    /// Adds what one run took.
    pub fn add(&mut self, what: &str, measure: Measure, program: &str, value: f64) {
        let found = self.lines.iter_mut().find(|it| it.is(what, measure, program));
        if let Some(line) = found {
            return line.values.push(value);
        }
        let (what, program) = (what.to_owned(), program.to_owned());
        self.lines.push(Line { what, measure, program, values: vec![value], bound: None });
    }

    /// Adds all that is known of one run.
    pub fn add_effort(&mut self, what: &str, program: &str, effort: Effort) {
        self.add(what, Measure::Wall, program, effort.seconds);
        self.add(what, Measure::Cpu, program, effort.cpu);
        self.add(what, Measure::Memory, program, effort.megabytes);
    }

    /// The middle of all runs.
    pub fn median(&self, what: &str, measure: Measure, program: &str) -> Result<f64> {
        let line = self.lines.iter().find(|it| it.is(what, measure, program));
        let line = line.with_context(|| format!("{what}, {} of {program} was not measured", measure.name()))?;
        Ok(line.times().median)
    }

    /// What a program may need at most.
    pub fn bound(&mut self, what: &str, measure: Measure, program: &str, bound: Bound) -> Result<()> {
        let line = self.lines.iter_mut().find(|it| it.is(what, measure, program));
        let line = line.with_context(|| format!("{what}, {} of {program} was not measured", measure.name()))?;
        line.bound = Some(bound);
        Ok(())
    }

    /// Adds the medians to the report.
    pub fn tell(self, report: &mut Report) {
        for line in self.lines {
            let Line { what, measure, program, values, bound } = line;
            match values[..] {
                [once] => report.add(&what, measure, &program, once, bound),
                _ => report.add_many(&what, measure, &program, summary(values), bound),
            }
        }
    }
}

impl Line {
    fn is(&self, what: &str, measure: Measure, program: &str) -> bool {
        self.what == what && self.measure == measure && self.program == program
    }

    fn times(&self) -> Times {
        summary(self.values.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::OURS;

    #[test]
    fn the_middle_of_the_runs_is_told_with_its_bound() {
        let mut series = Series::default();
        for seconds in [3.0, 1.0, 2.0] {
            series.add_effort("work", OURS, Effort { seconds, cpu: 0.1, megabytes: 8.0 });
        }
        assert_eq!(series.median("work", Measure::Wall, OURS).ok(), Some(2.0));
        assert!(series.median("work", Measure::Wall, "peer").is_err());
        series.bound("work", Measure::Wall, OURS, Bound::most(1.5, Measure::Wall)).expect("measured");
        let mut report = Report::default();
        series.tell(&mut report);
        assert_eq!(report.rows.len(), 3);
        assert_eq!(report.rows[0].holds(), Some(false));
    }
}
