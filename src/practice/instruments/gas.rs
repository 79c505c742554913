//! Goal Attainment Scaling: how far a person's own goals were reached, as one number that can be compared.
//!
//! Kiresuk TJ, Sherman RE. Goal attainment scaling: a general method for evaluating comprehensive community mental health
//! programs. Community Mental Health Journal 1968;4:443-453. The formula with its erratum is also in Turner-Stokes L. Goal
//! attainment scaling (GAS) in rehabilitation: a practical guide. Clinical Rehabilitation 2009;23:362-370.

/// How strongly goals of one person are taken to go together, as in the original paper.
const RHO: f64 = 0.3;

/// One goal's outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attained {
    /// How much the goal counts beside the others; 1 where goals are not weighted.
    pub weight: u8,
    /// -2 much less than expected, -1 less, 0 as expected, +1 more, +2 much more.
    pub level: i8,
}

/// The T-score: 50 when all went as expected, and 10 more for each standard deviation above. `None` without goals, with
/// weights of nought only, or with a level beyond -2 to +2.
pub fn gas_t_score(goals: &[Attained]) -> Option<f64> {
    if goals.iter().any(|goal| !(-2..=2).contains(&goal.level)) {
        return None;
    }
    let sum = |of: fn(&Attained) -> f64| goals.iter().map(of).sum::<f64>();
    let weights = sum(|goal| f64::from(goal.weight));
    let squares = sum(|goal| f64::from(goal.weight).powi(2));
    let attained = sum(|goal| f64::from(goal.weight) * f64::from(goal.level));
    (weights > 0.0).then(|| 50.0 + 10.0 * attained / ((1.0 - RHO) * squares + RHO * weights.powi(2)).sqrt())
}
