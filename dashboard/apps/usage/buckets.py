"""Putting a rolled-up hour into a bucket of a period, inside the database."""

from datetime import datetime
from typing import Any

from django.db.models import Func, IntegerField
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler


class Bucket(Func):
    """The position of the last of ``edges`` at or before the expression, from 0.

    PostgreSQL has ``width_bucket`` for it; elsewhere a CASE looks at the edges from the newest.
    """

    output_field = IntegerField()

    def __init__(self, expression: Expression | str, edges: tuple[datetime, ...]) -> None:
        super().__init__(expression)
        self._edges = edges

    def as_postgresql(
        self, compiler: SQLCompiler, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """``width_bucket`` counts from 1."""
        del connection, extra
        sql, params = compiler.compile(self.source_expressions[0])
        return f"(width_bucket({sql}, %s::timestamptz[]) - 1)", (*params, list(self._edges))

    def as_sql(  # type: ignore[override]  # the base class takes more, of no use here
        self, compiler: SQLCompiler, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """See the class."""
        del extra
        sql, params = compiler.compile(self.source_expressions[0])
        whens, values = [], list[Any]()
        for position in range(len(self._edges) - 1, -1, -1):
            whens.append(f"WHEN {sql} >= %s THEN {position}")
            values += [*params, connection.ops.adapt_datetimefield_value(self._edges[position])]
        return f"(CASE {' '.join(whens)} END)", tuple(values)
