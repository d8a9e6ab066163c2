"""One thread for every library, decided before any of them is imported.

Call :func:`pin` before NumPy, JAX or Numba are imported: they read these variables once.
"""

import os

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PJRT_NPROC": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
    "NEGE_FIRST_CALLS": "compiled",  # what is called once before the clock is compiled then
}


def pin() -> None:
    """Hold this process and its children to one thread each."""
    os.environ.update(THREADS)
    # Forced on OpenBLAS for the sake of reproducible tests, it would slow the peers down.
    os.environ.pop("OPENBLAS_CORETYPE", None)
