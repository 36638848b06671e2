"""GOV.UK Design System pages for plain Django forms and templates.

This app knows nothing of the domain.  Settings: "govuk" and "django.forms" in INSTALLED_APPS, and
FORM_RENDERER = "govuk.renderer.GovukRenderer".  Every form is then drawn with the markup of
govuk-frontend; a form says how its fields look in `looks`, what is HTML goes into widget attrs:

    class DebriefForm(forms.Form):
        looks = {
            "name": Look(label_size="m", width="two-thirds", called="the name of the event"),
            "kind": Look(hints={"exercise": "Planned, with a scenario"}, reveals={"other": "which"}),
            "risks": Look(small=True, alternative="none"),  # "or" before it; unticks the others
        }
        name = forms.CharField(max_length=120, help_text="Code names are allowed")
        kind = forms.ChoiceField(choices=Kind.choices, widget=forms.RadioSelect)
        which = forms.CharField(required=False)  # shown under "other" only
        risks = forms.MultipleChoiceField(choices=…, widget=forms.CheckboxSelectMultiple)
        area = forms.ChoiceField(choices=…, widget=forms.Select(attrs={"data-autocomplete": ""}))
        happened = forms.CharField(max_length=5000, widget=forms.Textarea)  # counts characters
        held_on = govuk.fields.DateField()                                  # day, month, year
        started = govuk.fields.PartialDateField()                           # day or month may be empty

`help_text` is the hint.  Messages say what to do ("Enter the name of the event"); they follow from
the label or from `called`, unless the field has its own `error_messages`.  In a template:

    {% load govuk %}
    {% error_summary form %}   also several forms and formsets: {% error_summary event lessons %}
    <form method="post" novalidate>{% csrf_token %}
      {{ form }}   or one by one: {{ form.name.as_field_group }}   {% field form.name label="Event" %}
      {% button "Save and continue" %} {% button "Cancel" href=url secondary=True %}
    </form>

The page inherits base.html, names its form `form` (the title then begins with "Error: " where it
should) and fills the blocks title, before_content (back link, breadcrumbs), marking, hero and content.
The tags are listed in govuk/templatetags/govuk.py; the rows they take are in govuk/rows.py.  Classes that
begin with jol- are in static/scss, a file for each subject; their colours are in _brand.scss.
"""
