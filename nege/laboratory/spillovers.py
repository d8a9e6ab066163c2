"""Section 2.1 and 2.2: what firms learn from each other, near and online."""

from __future__ import annotations

from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.economies import reference
from nege.laboratory.observed import online_share, rises

POOL = Experiment(
    words="the reference economy at step 9, as the pool of online knowledge grows",
    model=reference(9),
    states={f"pool of {x:g}": {"online_spillover": x} for x in (0.0, 1.0, 2.0)},
)

CLAIMS = (
    Claim(
        number="8a",
        section="2.1",
        words="Knowledge spills over more online, where what was tacit is written down.",
        predicts="welfare rises with the weight of the online pool of knowledge",
        experiment=POOL,
        margin=lambda x: rises(x.welfare),
        why="What anybody online has learnt costs the others nothing, and makes all who are there "
        "more productive.",
    ),
    Claim(
        number="8b",
        section="2.1",
        words="So firms go online.",
        predicts="the online share of services rises with the weight of the pool",
        experiment=POOL,
        margin=lambda x: rises(online_share(x)),
        flips=(
            Flip(
                words="everybody hears the pool, online or not",
                experiment=POOL.where("heard by all", {"hears_online": 1.0}),
            ),
        ),
        why="It draws firms online only as far as those offline cannot hear it.",
    ),
)
