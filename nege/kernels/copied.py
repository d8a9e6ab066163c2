"""Functions that are copied into what calls them, and are machine code nowhere else.

Numba compiles each function that a kernel calls by itself, down to machine code that nobody may
ever call, and copies what it made that from into the kernel, where all of it is optimised once
more: a sixth of the time that compiling takes. A function that is compiled with ``COPIED`` stays as
it was written until it is part of a kernel; one with ``COPIED_OPTIMISED`` is optimised before,
which makes faster code of large ones. Python cannot call either.
"""

from __future__ import annotations

from typing import Any, ClassVar

from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _OptimisedCode(JITCodeLibrary):  # type: ignore[misc]
    """Code that others copy: no machine code is made of it."""

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return where the machine code is: nowhere."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> _OptimisedCode:
        """What Numba tells where a function's environment is."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Keep it where all copies look for it: messages with numbers in them need it, and print.

        Of what has the same name, machine code takes what is there first.
        """
        self._place = JITCodeLibrary(self._codegen, name)
        module = self._place.create_ir_module(name)
        place = cgutils.add_global_variable(module, cgutils.voidptr_t, name)
        place.linkage, place.initializer = "common", cgutils.get_null_value(cgutils.voidptr_t)
        self._place.add_ir_module(module)
        self._place.finalize()
        self._codegen.set_env(name, environment)


class _Code(_OptimisedCode):
    """Code that is optimised in what copies it alone."""

    def _optimize_final_module(self) -> None:
        pass


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    """Numba's step to machine code, for code of another kind."""

    _name = "lowering_of_what_is_copied"
    code: ClassVar[type[_OptimisedCode]] = _Code

    def run_pass(self, state: Any) -> bool:
        """Write the code."""
        state.library = self.code(state.targetctx.codegen(), state.func_id.func_qualname)
        return bool(super().run_pass(state))


@register_pass(mutates_CFG=True, analysis_only=False)
class _OptimisedLowering(_Lowering):
    _name = "lowering_of_what_is_optimised_and_copied"
    code = _OptimisedCode


class _Compiler(CompilerBase):  # type: ignore[misc]
    """Numba's, with a step of these in place of its own."""

    lowering: ClassVar[type[_Lowering]] = _Lowering

    def define_pipelines(self) -> list[Any]:
        """Return the steps."""
        usual = DefaultPassBuilder.define_nopython_pipeline(self.state)
        usual.passes = [
            (self.lowering if step is NativeLowering else step, words)
            for step, words in usual.passes
        ]
        usual.finalize()
        return [usual]


class _OptimisingCompiler(_Compiler):
    lowering = _OptimisedLowering


#: Options of ``numba.njit`` and the like.
COPIED: dict[str, Any] = {
    **{"pipeline_class": _Compiler, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
}
COPIED_OPTIMISED: dict[str, Any] = {**COPIED, "pipeline_class": _OptimisingCompiler}
