//! Two axes, their grid and their numbers.

use svg::node::element::{Group, Line, Path, SVG, Text, Title};

/// Units of the picture: as wide as a phone shows it, so that letters of 12 stay readable there.
pub(super) const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 42.0;
/// About as many numbers stand at an axis.
const TICKS: f64 = 5.0;

/// An axis: from `low` to `high`, which is above it.
pub(super) struct Axis {
    /// What it measures.
    pub(super) title: String,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether it measures shares, which are shown in percent.
    pub(super) is_share: bool,
}

impl Axis {
    /// The distance between two numbers that stand at it: 1, 2 or 5 of a decimal place.
    fn step(&self) -> f64 {
        let rough = (self.high - self.low) / TICKS;
        let place = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * place);
        steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(place * 10.0)
    }

    /// The same axis as far as the next number that stands at it.
    pub(super) fn rounded_up(mut self) -> Self {
        let step = self.step();
        self.high = (self.high / step - 1e-9).ceil() * step;
        self
    }

    /// The numbers that stand at it.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let step = self.step();
        let first = (self.low / step - 1e-9).ceil();
        let ticks = (0_u8..20).map(|tick| (first + f64::from(tick)) * step);
        ticks.take_while(|tick| *tick <= self.high + step * 1e-9).collect()
    }

    /// A number as it stands there.
    pub(super) fn shown(&self, value: f64) -> String {
        let (scale, unit) = if self.is_share { (100.0, " %") } else { (1.0, "") };
        let place = (self.step() * scale).log10().floor();
        let decimals = (0_u8..12).find(|decimals| f64::from(*decimals) >= -place).unwrap_or(12);
        // No minus before nothing.
        let value = value * scale + 0.0;
        format!("{value:.*}{unit}", usize::from(decimals))
    }

    fn position(&self, value: f64, from: f64, to: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        pixel(from + share * (to - from))
    }
}

/// The room between two axes.
pub(super) struct Axes {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Axes {
    pub(super) fn x(&self, value: f64) -> f64 {
        self.x.position(value, LEFT, WIDTH - RIGHT)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.y.position(value, HEIGHT - BOTTOM, TOP)
    }

    /// A picture with the axes; `title` says in words what it shows.
    pub(super) fn picture(&self, title: &str) -> SVG {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut grid = Group::new().set("class", "grid");
        let mut numbers = Group::new();
        for tick in self.y.ticks() {
            let y = self.y(tick);
            grid = grid.add(line((LEFT, y), (right, y)));
            numbers = numbers.add(text(&self.y.shown(tick), (LEFT - 6.0, y + 4.0), "end"));
        }
        for tick in self.x.ticks() {
            let x = self.x(tick);
            grid = grid.add(line((x, bottom), (x, bottom + 4.0)));
            numbers = numbers.add(text(&self.x.shown(tick), (x, bottom + 17.0), "middle"));
        }
        let middle = f64::midpoint(LEFT, right);
        let titles = numbers.add(text(&self.x.title, (middle, HEIGHT - 6.0), "middle")).add(text(
            &self.y.title,
            (2.0, 13.0),
            "start",
        ));
        picture(title, HEIGHT).add(grid).add(titles)
    }

    /// A line through points.
    pub(super) fn path(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Path {
        Path::new().set("d", self.line_through(points))
    }

    pub(super) fn line_through(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let points = points.into_iter().map(|(x, y)| format!("{} {}", self.x(x), self.y(y)));
        format!("M{}", points.collect::<Vec<_>>().join("L"))
    }
}

/// An empty picture, as a screen reader reads it: one thing with a title.
pub(super) fn picture(title: &str, height: f64) -> SVG {
    SVG::new()
        .set("viewBox", (0.0, 0.0, WIDTH, height))
        .set("role", "img")
        .set("aria-label", title)
        .add(Title::new(title))
}

pub(super) fn line(from: (f64, f64), to: (f64, f64)) -> Line {
    Line::new().set("x1", from.0).set("y1", from.1).set("x2", to.0).set("y2", to.1)
}

/// Words that begin, stand in the middle or end (`anchor`) at a place.
pub(super) fn text(words: &str, at: (f64, f64), anchor: &str) -> Text {
    Text::new(words).set("x", pixel(at.0)).set("y", pixel(at.1)).set("text-anchor", anchor)
}

/// A tenth of a unit is finer than any screen.
pub(super) fn pixel(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(low: f64, high: f64, is_share: bool) -> Axis {
        Axis { title: String::new(), low, high, is_share }
    }

    #[track_caller]
    fn check(axis: &Axis, shown: &[&str]) {
        let ticks: Vec<_> = axis.ticks().into_iter().map(|tick| axis.shown(tick)).collect();
        assert_eq!(ticks, shown);
    }

    #[test]
    fn the_numbers_at_an_axis_are_round() {
        check(&axis(0.0, 1.0, true), &["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        check(&axis(0.0, 0.08, true), &["0 %", "2 %", "4 %", "6 %", "8 %"]);
        check(&axis(0.55, 0.7, false), &["0.55", "0.60", "0.65", "0.70"]);
        check(&axis(-3.0, 7.0, false), &["-2", "0", "2", "4", "6"]);
        check(&axis(-1.2e6, 9e5, false), &["-1000000", "-500000", "0", "500000"]);
    }

    #[test]
    fn an_axis_ends_at_a_number() {
        let high = |high| axis(0.0, high, true).rounded_up().high;
        assert!((high(0.083) - 0.1).abs() < 1e-12);
        assert!((high(0.1) - 0.1).abs() < 1e-12);
    }
}
