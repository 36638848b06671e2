"""Who can sign in to the demonstration: made by `manage.py load_demo`, printed by `dev.py up`."""

DEMO_ACCOUNTS = {
    "reader@example.org": "reads what is published",
    "contributor@example.org": "submits lessons from debriefs",
    "spoc@example.org": "JOL SPoC of an organisation",
    "moderator@example.org": "LRF moderator: reviews and publishes",
    "secretariat@example.org": "JOL Secretariat, the national moderators",
    "secretariat2@example.org": "a second member of the JOL Secretariat",
    "board@example.org": "Interoperability Board",
    "strategic.lead@example.org": "JESIP Strategic Lead of an organisation",
    "organisation.admin@example.org": "invites people of an organisation and gives roles",
    "analyst@example.org": "studies the whole, uses the API",
    "auditor@example.org": "reads the audit record",
    "subscriber@example.org": "gets mail about what matters to them",
}
