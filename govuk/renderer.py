"""The form renderer: which templates and which bound field a form uses."""

from django.forms.renderers import TemplatesSetting

from govuk.boundfield import GovukBoundField


class GovukRenderer(TemplatesSetting):
    """Draws every form of the project as the GOV.UK Design System does."""

    form_template_name = "govuk/form.html"
    formset_template_name = "govuk/formset.html"
    field_template_name = "govuk/field.html"
    bound_field_class = GovukBoundField
