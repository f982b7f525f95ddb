"""Every objective against finite differences, brute force, and the minima that it claims."""

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import cos, sin
from sdeopt.core.oracle import Oracle, batch_grad, grad, grad_var, hvp, value, weighted_grad
from sdeopt.core.spec import split
from sdeopt.objectives import spec

RNG = np.random.default_rng(20240607)
FEATURES = RNG.standard_normal((12, 4))
TARGETS = RNG.standard_normal(12)
LABELS = (RNG.random(12) < 0.5).astype(float)
MATRIX = RNG.standard_normal((4, 3))

SUMS = {
    "least squares": so.LinearRegression(FEATURES, TARGETS),
    "ridge": so.LinearRegression(FEATURES, TARGETS, l2=0.3),
    "logistic": so.Logistic(FEATURES, LABELS, l2=0.2),
    "network": so.DiagonalLinearNetwork(FEATURES, TARGETS),
    "sparse recovery": spec.parse("diagonal-linear-network:n=5,p=9,nonzero=2"),
}
OBJECTIVES = SUMS | {
    "diagonal": so.Quadratic([1.0, 2.0, -0.5], center=[0.3, -1.0, 2.0]),
    "matrix": so.Quadratic(MATRIX.T @ MATRIX, center=[1.0, 0.0, -1.0]),
    "saddle": so.Quadratic([[1.0, 2.0], [2.0, 1.0]]),
    "mild valley": so.Rosenbrock(),
    "classical valley": so.Rosenbrock(scale=1.0, stiffness=100.0),
    "double well": so.DoubleWell(dim=3, height=0.7),
    "embedded saddle": so.EmbeddedSaddle(),
    "embedded diagonal": so.EmbeddedSaddle([-1.0, 2.0, 0.5], quartic=2.0, cubic=-0.7),
    "factorization 1": so.MatrixFactorization(MATRIX, rank=1),
    "factorization 2": so.MatrixFactorization(MATRIX.T, rank=2),
    "user": so.Objective(
        value=lambda x: sin(x[0]) * x[1],
        grad=lambda x: np.array([cos(x[0]) * x[1], sin(x[0])]),
        hvp=lambda x, v: np.array([-sin(x[0]) * x[1] * v[0] + cos(x[0]) * v[1], cos(x[0]) * v[0]]),
        dim=2,
    ),
}


def every(table):
    return pytest.mark.parametrize("f", table.values(), ids=table)


def points(f, count=4):
    """The start and points around it, some a few units away."""
    rng = np.random.default_rng(f.dim)
    return [f.start, *(f.start + scale * rng.standard_normal(f.dim) for scale in np.linspace(0.3, 2.0, count))]


def difference(function, x, v):
    """Central difference of ``function`` along ``v``."""
    h = 6e-6
    return (function(x + h * v) - function(x - h * v)) / (2 * h)


def close(got, expected, tolerance, scale=0.0):
    bound = tolerance * (np.max(np.abs(expected)) + scale)
    np.testing.assert_allclose(got, expected, rtol=0.0, atol=bound)


# Central differences with h = eps^(1/3) = 6e-6 err by h²/6 times the third derivative (6e-12 of it) and by eps/h
# (4e-11) times the function. Third derivatives are at most about 100 times (stiff valley: 2400 x_1 against values near
# 1e3), so 1e-7 of gradient + value leaves two orders of magnitude, while a wrong sign or factor is an error of order 1.
@every(OBJECTIVES)
def test_gradient_is_the_derivative_of_the_value(f):
    for x in points(f):
        slopes = np.array([difference(f.value, x, e) for e in np.eye(f.dim)])
        close(f.grad(x), slopes, 1e-7, scale=abs(f.value(x)))


@every(OBJECTIVES)
def test_hvp_is_the_derivative_of_the_gradient(f):
    for x in points(f):
        v = np.cos(np.arange(f.dim) + 0.5)
        close(f.hvp(x, v), difference(f.grad, x, v), 1e-7, scale=np.abs(f.grad(x)).max())


@every(OBJECTIVES)
def test_hessian_is_symmetric_and_is_what_hvp_multiplies_by(f):
    x = points(f)[2]
    v = np.sin(np.arange(f.dim) + 1.0)
    hessian = f.hessian(x)
    close(hessian, hessian.T, 1e-12)
    close(hessian @ v, f.hvp(x, v), 1e-12)


@every(OBJECTIVES)
def test_answers_are_pure_and_of_the_right_shape(f):
    x = points(f)[1]
    x.flags.writeable = False
    v = np.ones(f.dim)
    v.flags.writeable = False
    assert np.shape(f.value(x)) == ()
    assert f.start.shape == f.grad(x).shape == f.hvp(x, v).shape == (f.dim,)
    assert np.isfinite(f.start).all()


# f - minimum is of second order in the error of the optimum; the gradient is zero to rounding, eps times the terms that
# cancel in it, at most about 1e2 here.
@every({name: f for name, f in OBJECTIVES.items() if f.optimum is not None})
def test_optimum_is_critical_and_has_the_minimal_value(f):
    assert np.abs(f.grad(f.optimum)).max() < 1e-13
    assert f.minimum == pytest.approx(f.value(f.optimum), abs=1e-14, rel=1e-14)
    for x in points(f, count=30):
        assert f.value(x) >= f.minimum
        assert f.value(f.optimum + 1e-3 * (x - f.start)) >= f.minimum - 1e-14


def test_which_objectives_know_their_minimum():
    unknown = {name for name, f in OBJECTIVES.items() if f.optimum is None}
    assert unknown == {"diagonal", "saddle", "embedded saddle", "embedded diagonal", "user"}
    assert all((f.minimum is None) == (f.optimum is None) for f in OBJECTIVES.values())


@every({name: f for name, f in OBJECTIVES.items() if f.curvature is not None})
def test_curvature_brackets_the_spectrum(f):
    low, high = f.curvature
    for x in points(f, count=10):
        eigenvalues = np.linalg.eigvalsh(f.hessian(x))
        assert low - 1e-12 * high <= eigenvalues[0]
        assert eigenvalues[-1] <= high + 1e-12 * high


def test_curvature_is_attained_where_it_is_said_to_be_sharp():
    for name in ("diagonal", "matrix", "saddle", "least squares", "ridge"):
        f = OBJECTIVES[name]
        eigenvalues = np.linalg.eigvalsh(f.hessian(f.start))
        np.testing.assert_allclose(f.curvature, (eigenvalues[0], eigenvalues[-1]), rtol=1e-12)
    f = OBJECTIVES["logistic"]  # σ(m)σ(-m) = 1/4 at x = 0
    assert np.linalg.eigvalsh(f.hessian(np.zeros(f.dim)))[-1] == pytest.approx(f.curvature[1], rel=1e-12)


def test_bounds_of_the_curvature_exist_only_for_quadratics_and_linear_models():
    bounded = {name for name, f in OBJECTIVES.items() if f.curvature is not None}
    assert bounded == {"diagonal", "matrix", "saddle", "least squares", "ridge", "logistic"}


# ---- values by hand


def test_quadratic_by_hand():
    f = so.Quadratic([[2.0, 1.0], [1.0, 4.0]], center=[1.0, -1.0])
    x = np.array([2.0, 1.0])  # x - c = (1, 2)
    assert f.value(x) == 0.5 * (2 + 2 * 2 + 16)
    assert f.grad(x).tolist() == [4.0, 9.0]
    assert f.start.tolist() == [2.0, -2.0]
    assert so.Quadratic([1.0] * 3).start.tolist() == [1.0, -1.0, 1.0]


def test_quadratic_knows_a_minimum_exactly_when_it_is_bounded_below():
    assert so.Quadratic([0.0, 1.0]).minimum == 0.0
    assert so.Quadratic(np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])).minimum == 0.0  # singular
    assert so.Quadratic([1.0, -1e-9]).optimum is None
    assert so.Quadratic([-1.0]).minimum is None


def test_rosenbrock_by_hand():
    x = np.array([-0.5, 1.0])
    assert so.Rosenbrock().value(x) == 0.5 * 1.5**2 + 0.5 * 0.75**2
    assert so.Rosenbrock(scale=1.0, stiffness=100.0).value(x) == 1.5**2 + 100 * 0.75**2


def test_defaults_are_those_of_the_docstrings():
    f = so.EmbeddedSaddle()
    assert (f.H.tolist(), f.quartic, f.cubic) == ([[-0.5, 0.25], [0.25, 1.0]], 0.5, 0.1)
    assert (so.DoubleWell().dim, so.DoubleWell().height) == (1, 1.0)
    assert so.Rosenbrock().start.tolist() == [-0.5, 1.0]
    assert so.Logistic(FEATURES, LABELS).l2 == 0.01
    assert so.LinearRegression(FEATURES, TARGETS).l2 == 0.0
    assert so.DiagonalLinearNetwork([[1.0]], [1.0]).start.tolist() == [0.1, 0.1]


def test_double_well_has_its_height_and_kramers_curvatures():
    f = so.DoubleWell(dim=1, height=0.7)
    assert f.value(np.zeros(1)) == 0.7
    assert f.value(-f.optimum) == f.value(f.optimum) == 0.0
    assert f.hessian([1.0]).item() == pytest.approx(5.6, rel=1e-15)
    assert f.hessian([0.0]).item() == pytest.approx(-2.8, rel=1e-15)


def test_embedded_saddle_by_hand():
    f = so.EmbeddedSaddle([-1.0, 2.0], quartic=4.0, cubic=3.0)  # -x²/2 + x⁴ - x³ and y² + y⁴ - y³
    assert f.value(np.array([2.0, 1.0])) == (-2 + 16 - 8) + 1.0
    assert so.EmbeddedSaddle().start.tolist() == [0.4, 1.0]


def test_logistic_by_hand():
    f = so.Logistic([[1.0, 2.0], [3.0, -1.0]], [1, 0], l2=0.5)
    x = np.array([0.3, -0.2])  # margins -0.1 and -1.1
    expected = (np.log1p(np.exp(0.1)) + np.log1p(np.exp(1.1))) / 2 + 0.25 * (x @ x)
    assert f.value(x) == pytest.approx(expected, rel=1e-15)


def test_logistic_accepts_both_kinds_of_labels():
    a, b = so.Logistic(FEATURES, LABELS), so.Logistic(FEATURES, 2 * LABELS - 1)
    assert a.y.tolist() == b.y.tolist() == (2 * LABELS - 1).tolist()


def test_logistic_is_safe_at_large_margins():
    f = so.Logistic([[1.0], [1.0]], [1, -1], l2=0.0)
    with np.errstate(divide="raise", over="raise", invalid="raise"):  # e^-800 may underflow, to the right value
        for size in (800.0, -800.0, 1e150):  # e^800 is not a float64
            x = np.array([size])
            assert f.value(x) == abs(size) / 2
            assert f.grad(x).item() == np.sign(size) / 2
            assert f.hvp(x, np.ones(1)).item() == 0.0


def test_logistic_without_ridge_has_no_optimum_where_none_is_attained():
    assert so.Logistic([[1.0, 1.0], [2.0, 1.0], [-1.0, 1.0]], [1, 1, 0], l2=0.0).optimum is None  # separable
    assert so.Logistic([[1.0], [2.0]], [1, 1], l2=0.0).optimum is None
    ties = [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]
    assert so.Logistic(ties, [1, 0, 1], l2=0.0).optimum is None  # separable but for ties
    assert so.Logistic(np.hstack([FEATURES, FEATURES]), LABELS, l2=0.0).minimum is None  # collinear
    assert so.Logistic([[1.0], [1.0], [1.0]], [1, 1, 0], l2=0.0).optimum.item() == pytest.approx(np.log(2), rel=1e-14)


def test_regression_with_a_ridge_solves_the_normal_equations():
    f = OBJECTIVES["ridge"]
    lhs = FEATURES.T @ FEATURES / 12 + 0.3 * np.eye(4)
    np.testing.assert_allclose(f.optimum, np.linalg.solve(lhs, FEATURES.T @ TARGETS / 12), rtol=1e-12)


def test_underdetermined_regression_interpolates():
    f = so.LinearRegression(FEATURES[:3], TARGETS[:3])
    assert f.minimum < 1e-30
    assert f.curvature[0] == pytest.approx(0.0, abs=1e-14)


def test_factorization_minimum_is_that_of_eckart_and_young():
    f = so.MatrixFactorization(np.diag([3.0, 2.0, 1.0]), rank=2)
    assert f.minimum == pytest.approx(0.5, rel=1e-15)
    assert f.value(f.optimum) == pytest.approx(0.5, rel=1e-13)
    assert so.MatrixFactorization(MATRIX, rank=3).minimum == 0.0


def test_factorization_layout_is_row_by_row():
    f = so.MatrixFactorization(np.zeros((2, 3)), rank=2)
    u, v = RNG.standard_normal((2, 2)), RNG.standard_normal((3, 2))
    x = np.concatenate([u.ravel(), v.ravel()])
    assert f.value(x) == pytest.approx(0.5 * np.sum((u @ v.T) ** 2), rel=1e-14)
    np.testing.assert_allclose(f.grad(x)[:4].reshape(2, 2), u @ v.T @ v, rtol=1e-13)


def test_factorization_start_is_small_and_not_symmetric():
    f = so.MatrixFactorization(4.0 * np.eye(3), rank=2)  # √s₁ = 2
    u, v = f.start[:6], f.start[6:]
    assert f.value(f.start) == pytest.approx(f.value(np.zeros(12)), rel=0.1)
    np.testing.assert_allclose(f.start[:2], [0.2 * np.cos(1.0), 0.2 * np.cos(2.0)], rtol=1e-15)
    assert not np.allclose(np.abs(u), np.abs(v))


def test_network_from_a_small_start_recovers_the_sparse_solution():
    """Woodworth et al. (2020): gradient descent from a small start goes to the interpolator of least l1 norm."""
    f = spec.parse("diagonal-linear-network:n=15,p=20,nonzero=2")
    x = np.full(f.dim, 1e-3)
    for _ in range(3000):
        x = x - 0.05 * f.grad(x)
    beta = x[:20] ** 2 - x[20:] ** 2
    np.testing.assert_allclose(beta, (np.arange(20) < 2) * 1.0, atol=1e-2)
    dense = f.optimum[:20] ** 2 - f.optimum[20:] ** 2  # of least l2 norm
    assert np.abs(dense).sum() > 1.1 * np.abs(beta).sum()


# ---- finite sums


def singles(f, x):
    """∇f_i(x) for every i, from the objective of that example alone."""
    options = {"l2": f.l2} if hasattr(f, "l2") else {}
    alone = [type(f)(f.X[i : i + 1], f.y[i : i + 1], **options) for i in range(f.examples())]
    return np.array([g.grad(x) for g in alone])


@every(SUMS)
def test_mean_of_the_examples_gradients_is_the_gradient(f):
    for x in points(f):
        close(f.grad(x), singles(f, x).mean(axis=0), 1e-13)


@every(SUMS)
def test_weighted_gradient_is_the_weighted_sum(f):
    n, x = f.examples(), points(f)[2]
    close(f.weighted_grad(x, np.ones(n)) / n, f.grad(x), 1e-13)
    w = np.linspace(-1.0, 2.0, n)
    close(f.weighted_grad(x, w), w @ singles(f, x), 1e-13)


@every(SUMS)
def test_batch_gradient_is_the_mean_over_the_batch(f):
    x = points(f)[2]
    index = np.array([0, 3, 3, 4])  # one example twice
    close(f.batch_grad(x, index), singles(f, x)[index].mean(axis=0), 1e-13)
    assert (f.batch_grad(x, index.astype(float)) == f.batch_grad(x, index)).all()
    close(f.batch_grad(x, np.arange(f.examples())), f.grad(x), 1e-13)


@every(SUMS)
def test_gradient_variance_is_that_of_the_examples(f):
    x = points(f)[2]
    close(f.grad_var(x), singles(f, x).var(axis=0), 1e-12)


@every(OBJECTIVES)
def test_only_finite_sums_answer_questions_about_examples(f):
    is_sum = f in SUMS.values()
    for question in ("examples", "weighted_grad", "batch_grad", "grad_var"):
        assert (f.lacks(question) is None) == is_sum
    if not is_sum:
        assert "is not a finite sum" in f.lacks("examples")
    assert f.lacks("grad") is None and f.lacks("noise") is None


def test_the_oracle_forwards_its_questions():
    f = SUMS["ridge"]
    o, x, v = Oracle(f, None), np.ones(4), np.arange(4.0)
    assert value(o, x) == f.value(x)
    assert (grad(o, x) == f.grad(x)).all() and (hvp(o, x, v) == f.hvp(x, v)).all()
    assert (weighted_grad(o, x, TARGETS) == f.weighted_grad(x, TARGETS)).all()
    assert (batch_grad(o, x, np.zeros(1)) == f.batch_grad(x, np.zeros(1))).all()
    assert (grad_var(o, x) == f.grad_var(x)).all()


# ---- the user's own functions


def test_objective_says_what_it_lacks():
    f = so.Objective(grad=lambda x: 2 * x, dim=3)
    assert f.lacks("value") == "Objective has no value"
    assert f.lacks("hvp") == "Objective has no hvp"
    assert f.lacks("grad") is None
    with pytest.raises(NotImplementedError, match="value"):
        f.value(f.start)
    with pytest.raises(NotImplementedError, match="hvp"):
        f.hvp(f.start, f.start)
    assert repr(f) == "Objective(grad, dim=3)"


def test_objective_keeps_what_the_user_knows():
    f = so.Objective(grad=lambda x: 2 * x, dim=2, start=[1, 2], optimum=[0, 0], minimum=0)
    assert f.start.tolist() == [1.0, 2.0] and f.optimum.tolist() == [0.0, 0.0] and f.minimum == 0.0
    assert so.Objective(grad=lambda x: 2 * x, dim=2).optimum is None


def test_errors_of_the_user_reach_the_user():
    class Own(Exception):
        pass

    def broken(x):
        raise Own("mine")

    with pytest.raises(Own, match="mine"):
        so.Objective(grad=broken, dim=2)


def test_objective_leaves_a_user_function_free_to_write_into_its_argument():
    def careless(x):
        x *= 2.0
        return x

    f = so.Objective(grad=careless, dim=2)
    assert f.start.tolist() == [1.0, 1.0]


# ---- bad input


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: so.Quadratic([[1.0, 0.1], [0.0, 1.0]]), ValueError, "H must be symmetric"),
        (lambda: so.Quadratic([[1.0, 0.1]]), ValueError, "H must be a square matrix"),
        (lambda: so.Quadratic([1.0, np.nan]), ValueError, "H must be finite"),
        (lambda: so.Quadratic("a"), TypeError, "H must be an array"),
        (lambda: so.Quadratic([1.0], center=[1.0, 2.0]), ValueError, "center must have shape"),
        (lambda: so.EmbeddedSaddle([[1.0, 2.0], [3.0, 4.0]]), ValueError, "H must be symmetric"),
        (lambda: so.EmbeddedSaddle(quartic=0.0), ValueError, "quartic must be in"),
        (lambda: so.EmbeddedSaddle(cubic=np.inf), ValueError, "cubic must be in"),
        (lambda: so.Rosenbrock(scale=0.0), ValueError, "scale must be in"),
        (lambda: so.Rosenbrock(stiffness="a"), TypeError, "stiffness must be a number"),
        (lambda: so.DoubleWell(dim=0), ValueError, "dim must be at least 1"),
        (lambda: so.DoubleWell(dim=1.5), TypeError, "dim must be an integer"),
        (lambda: so.DoubleWell(height=-1.0), ValueError, "height must be in"),
        (lambda: so.LinearRegression(FEATURES), TypeError, "y must be given"),
        (lambda: so.LinearRegression(FEATURES, TARGETS[:5]), ValueError, r"y must have shape \(12,\)"),
        (lambda: so.LinearRegression(TARGETS, TARGETS), ValueError, "X must have 2 dimension"),
        (lambda: so.LinearRegression(FEATURES, TARGETS, l2=-1.0), ValueError, "l2 must be in"),
        (lambda: so.LinearRegression(FEATURES * np.nan, TARGETS), ValueError, "X must be finite"),
        (lambda: so.Logistic(FEATURES, TARGETS), ValueError, "y must hold the labels 0 and 1, or -1 and 1"),
        (lambda: so.Logistic(FEATURES, np.where(LABELS > 0, 2.0, 1.0)), ValueError, "labels"),
        (lambda: so.Logistic(np.ones((3, 1)), [-1, 0, 1]), ValueError, "labels"),
        (lambda: so.MatrixFactorization(MATRIX, rank=4), ValueError, "rank must be at most 3"),
        (lambda: so.MatrixFactorization(MATRIX, rank=0), ValueError, "rank must be at least 1"),
        (lambda: so.MatrixFactorization(TARGETS, rank=1), ValueError, "target must have 2 dimension"),
        (lambda: so.DiagonalLinearNetwork(FEATURES, MATRIX), ValueError, "y must have 1 dimension"),
        (lambda: so.Objective(grad=1.0, dim=2), TypeError, "grad must be a function"),
        (lambda: so.Objective(grad=lambda x: x, value=3, dim=2), TypeError, "value must be a function"),
        (lambda: so.Objective(grad=lambda x: x[:1], dim=2), ValueError, r"grad must return shape \(2,\)"),
        (lambda: so.Objective(grad=lambda x: list(x), dim=2), TypeError, "grad must return a NumPy array"),
        (lambda: so.Objective(grad=lambda x: x / 0.0 * 0.0, dim=2), ValueError, "grad at start must be finite"),
        (lambda: so.Objective(grad=lambda x: x, value=lambda x: x, dim=2), ValueError, "value must return a number"),
        (lambda: so.Objective(grad=lambda x: x, value=lambda x: np.inf, dim=2), ValueError, r"value\(start\)"),
        (lambda: so.Objective(grad=lambda x: x, hvp=lambda x, v: 1.0, dim=2), TypeError, "hvp must return"),
        (lambda: so.Objective(grad=lambda x: x, dim=2, start=[1.0]), ValueError, "start must have shape"),
        (lambda: so.Objective(grad=lambda x: x, dim=0), ValueError, "dim must be at least 1"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_input_is_refused_by_name(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_data_are_copied_and_read_only():
    X = FEATURES.copy()
    f = so.LinearRegression(X, TARGETS)
    X[0, 0] = 1e6
    assert f.X[0, 0] == FEATURES[0, 0]
    for a in (f.X, f.y, f.columns, f.optimum):
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 0.0


def test_printing_is_short():
    assert repr(so.LinearRegression(FEATURES, TARGETS)) == "LinearRegression(X=<12x4 array>, y=<12 array>, l2=0.0)"
    assert repr(so.Rosenbrock()) == "Rosenbrock(scale=0.5, stiffness=1.0)"


# ---- names for the command line


def test_split():
    assert split("a") == ("a", [], {})
    assert split(" Two_Words : 1, 2 ,k = 3") == ("two-words", ["1", "2"], {"k": "3"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begin with a name"),
        ("quadratic:", "empty part"),
        ("quadratic:1,,2", "empty part"),
        ("double-well:dim=", "empty part"),
        ("double-well:=3", "empty part"),
        ("double-well:dim=1,dim=2", "twice"),
        ("logistic:l2=1,digits", "before key=value"),
        ("quadratc:1", "did you mean 'quadratic'"),
        ("double-well:dimm=3", "argument of double-well 'dimm'; did you mean 'dim'"),
        ("double-well:3", "at most 0 positional"),
        ("double-well:dim=three", "double-well: dim must be a number"),
        ("quadratic:1,x", "H must be a number"),
        ("quadratic:1,dim=2", "quadratic takes no key=value arguments"),
        ("double-well:dim=0", "dim must be at least 1"),
        ("quadratic:nan", "H must be finite"),
    ],
)
def test_bad_specs_are_refused(text, words):
    with pytest.raises(ValueError, match=words):
        spec.parse(text)


def test_specs_build_what_they_say():
    assert spec.parse("quadratic:1,-0.5").H.tolist() == [1.0, -0.5]
    assert spec.parse("quadratic").dim == 2
    assert spec.parse("rosenbrock:stiffness=100,scale=1").stiffness == 100.0
    assert spec.parse("double_well:dim=3").dim == 3
    assert spec.parse("embedded-saddle:cubic=0").cubic == 0.0
    assert spec.parse("matrix-factorization:rank=2").rank == 2
    network = spec.parse("diagonal-linear-network:n=7,p=9")
    assert (network.examples(), network.dim) == (7, 18)


@pytest.mark.parametrize("name", spec.FORMS)
def test_the_usage_of_every_form_is_a_spec(name):
    if name in ("logistic", "linear-regression"):
        pytest.importorskip("sklearn")
    form = spec.FORMS[name]
    assert split(form.usage)[0] == name
    for f in (spec.parse(form.usage), spec.parse(name)):
        assert np.isfinite(f.grad(f.start)).all()


def test_generated_data_are_always_the_same():
    a, b = spec.parse("matrix-factorization"), spec.parse("matrix-factorization")
    assert (a.target == b.target).all()


def test_spec_wants_text():
    with pytest.raises(TypeError, match="spec must be a string"):
        spec.parse(3)
