"""Evaluations of search quality in the admin, each beside the one before."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..models import Evaluation
from .base import ReadOnlyAdmin


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """What `evaluate_search` measured."""

    list_display = ("made_at", "source", "measured", "p_at_10", "since_before")
    list_filter = ("source",)
    fields = ("made_at", "source", "measured", "by_kind", "worst")
    actions = None

    @admin.display(description="P@10")
    def p_at_10(self, evaluation: Evaluation) -> str:
        """Return P@10 over all queries."""
        return f"{evaluation.precision:.3f}"

    @admin.display(description="since the one before")
    def since_before(self, evaluation: Evaluation) -> str:
        """Return how much better or worse it is."""
        before = Evaluation.objects.filter(digest=evaluation.digest, pk__lt=evaluation.pk).first()
        return "" if before is None else f"{evaluation.precision - before.precision:+.3f}"

    @admin.display(description="figures")
    def by_kind(self, evaluation: Evaluation) -> SafeString:
        """Return a table of the figures by kind."""
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (
                    kind,
                    group["queries"],
                    f"{group['precision']:.3f}",
                    f"{group['ndcg']:.3f}",
                    group["nothing"],
                )
                for kind, group in evaluation.figures.items()
            ),
        )
        head = "<tr><th>kind</th><th>queries</th><th>P@10</th><th>nDCG@10</th><th>nothing found</th></tr>"
        return format_html("<table><thead>{}</thead><tbody>{}</tbody></table>", SafeString(head), rows)

    @admin.display(description="worst queries")
    def worst(self, evaluation: Evaluation) -> SafeString:
        """Return the queries with the fewest right answers."""
        worst = sorted(evaluation.queries.items(), key=lambda item: (item[1], item[0]))[:20]
        return format_html(
            "<ul>{}</ul>",
            format_html_join("", "<li>{} {}</li>", ((text, f"{share:.1f}") for text, share in worst)),
        )

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return every field that is shown."""
        return self.fields
