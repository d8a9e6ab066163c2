"""Status codes and method codes: how a solve ended, as the integers that kernels return.

``nege.status.Status`` gives each of them its words and its remedy.
"""

PENDING = -1  # not solved yet
CONVERGED = 0
LIMIT = 1  # iterations or steps ran out
STALLED = 2  # rounding stops progress before the error bound is met
NOT_FINITE = 3  # infinity or NaN at the start or on the way
UNSTABLE = 4  # an unstable rest point: a small deviation grows
INVALID = 5  # not solved: the model does not accept these parameters
STUCK = 6  # no method that was tried makes progress

# Methods of the short run.
AUTO = 0  # by the number of regions
NEWTON = 1
ANDERSON = 2
PLAIN = 3
METHODS = ("auto", "newton", "anderson", "plain")  # their names, for people
