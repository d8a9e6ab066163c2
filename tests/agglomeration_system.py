"""The online-agglomeration system in plain NumPy, from the published equations alone.

Written apart from the package: einsum over whole arrays in levels, for real or complex
unknowns. A number h i added to an unknown comes back as h times the derivative.
"""

import types

import numpy as np


def of_model(model):
    """Read a nege.OnlineAgglomeration back into plain arrays, by its public fields only."""
    names = (
        *("sigma", "variety", "consumption", "housing", "inputs", "land_share", "productivity"),
        *("land", "amenity", "home_weight", "migration_elasticity", "spillover", "spillover_decay"),
        *("online_spillover", "hears_online", "hears_offline", "diversity", "transport_cost"),
        *("search_cost", "digitisability", "digital_cost", "commission", "firm_scale"),
        *("remote_labour_share", "remote_substitution", "remote_elasticity", "remote_friction"),
    )
    p = types.SimpleNamespace(**{name: np.asarray(getattr(model, name)) for name in names})
    p.distance = model.geography.distance.values
    p.owner = None if model.platform_owner is None else model.platform_owner.values
    return p


def evaluate(p, n, G, E, w, h, L, w0, D):
    """Every variable of the system at given unknowns, and the residual of every equation."""
    K = len(G)
    d, one = p.distance, (1 - p.sigma)[:, None, None]
    offline = np.exp((p.transport_cost + p.search_cost)[:, None, None] * d)
    online = np.exp(((1 - p.digitisability) * p.transport_cost)[:, None, None] * d)
    T = np.stack([offline, p.digital_cost[:, None, None] * online], 1)  # k c p q
    freeness = T ** one[..., None]
    zeta = np.stack([np.zeros(K), p.commission], 1)[..., None]  # k c 1
    # knowledge
    near = np.einsum("kpq,kcq->kcp", np.exp(-p.spillover_decay[:, None, None] * d), n)
    pool = p.online_spillover * n[:, 1].sum(-1)
    m = np.stack(
        [
            near[:, 0] + near[:, 1] + (p.hears_online * pool)[:, None],
            p.hears_offline[:, None] * near[:, 0] + near[:, 1] + pool[:, None],
        ],
        1,
    )
    s = m / m.sum(0)
    variety = np.exp(-(s * np.log(np.where(s == 0, 1, s))).sum(0)) / K
    A = p.productivity[:, None] * m ** p.spillover[:, None, None]
    A = A * variety ** p.diversity[:, None, None]
    # labour
    r, sub = p.remote_labour_share[:, None], p.remote_substitution
    if sub == 1:
        far_wage = w ** (1 - r) * w0**r
    else:
        far_wage = ((1 - r) * w ** (1 - sub) + r * w0 ** (1 - sub)) ** (1 / (1 - sub))
    W = np.stack([np.broadcast_to(w, far_wage.shape), far_wage], 1)
    far = np.stack([0 * far_wage, r * (w0 / far_wage) ** (1 - sub)], 1)
    if r.any():
        nu = p.remote_elasticity
        what = (w**nu + (w0 / p.remote_friction) ** nu) ** (1 / nu)
        away = (w0 / p.remote_friction / what) ** nu
    else:
        what, away = w, 0 * w
    # costs, prices, trade
    a = 1 - p.inputs.sum(0) - p.land_share
    cost = W ** a[:, None, None] * (h ** p.land_share[:, None])[:, None] / A
    cost = cost * np.prod(G[:, None] ** p.inputs[:, :, None], 0)[:, None]
    price = cost / (1 - zeta)
    x = n ** p.variety[:, None, None] * price**one
    index = np.einsum("kcp,kcpq->kq", x, freeness) ** (1 / one[..., 0])
    sales = x * np.einsum("kcpq,kq->kcp", freeness, E * G ** (p.sigma - 1)[:, None])
    R, X = (1 - zeta) * sales, n * p.firm_scale[..., None] * cost
    C = (zeta * sales).sum()
    # income, spending, factors
    Y = L * (what + D) if p.owner is None else L * (what + D) + p.owner * C
    spending = p.consumption[:, None] * Y + p.inputs @ R.sum(1)
    used = (a[:, None, None] * R * (1 - far)).sum((0, 1))
    used_far = (a[:, None, None] * R * far).sum()
    land = p.housing * Y + p.land_share @ R.sum(1)
    V = Y / L / (np.prod(G ** p.consumption[:, None], 0) * h**p.housing)
    attraction = p.home_weight * (p.amenity * V) ** p.migration_elasticity
    residual = {
        "firms": np.log(R / X),
        "prices": np.log(index / G),
        "spending": np.log(spending / E),
        "labour": np.log(used / ((1 - away) * L * what)),
        "land": np.log(land / (h * p.land)) if p.housing > 0 or p.land_share.any() else 0 * h,
        "people": np.log(attraction / attraction.sum() / L),
        "remote": np.log(used_far / (away * L * what).sum()) if r.any() else 0 * D,
        "numeraire": np.log((L * what).sum()),
    }
    variables = types.SimpleNamespace(
        X=X, R=R, Y=Y, C=C, V=V, what=what, away=away, m=m, land=land, A=A, cost=cost, price=price
    )
    return variables, residual


def flat(n, G, E, w, h, L, w0, D):
    """Stack place by place, as the kernels do, values or residuals."""
    K, P = G.shape
    rows = np.concatenate(
        [n.transpose(2, 0, 1).reshape(P, 2 * K), G.T, E.T, *np.c_[[w, h, L]][..., None]], 1
    )
    return np.concatenate([rows.ravel(), [w0, D]])


def unflat(p, x):
    """Take the kernels' unknowns apart, in levels."""
    K, P = p.productivity.shape
    rows = np.exp(x[:-2]).reshape(P, 4 * K + 3)
    n = rows[:, : 2 * K].reshape(P, K, 2).transpose(1, 2, 0)
    G, E = rows[:, 2 * K : 3 * K].T, rows[:, 3 * K : 4 * K].T
    return n, G, E, *rows[:, 4 * K :].T, np.exp(x[-2]), x[-1]


def residual(p, x):
    """Return the residuals in the order of the kernels."""
    _, excess = evaluate(p, *unflat(p, x))
    names = ("firms", "prices", "spending", "labour", "land", "people", "remote", "numeraire")
    return flat(*(excess[name] for name in names))


def jacobian(p, x):
    """Differentiate by complex steps."""
    h = 1e-30
    return np.stack([residual(p, x + 1j * h * e).imag / h for e in np.eye(x.size)], 1)
