"""The bugs that can be planted in the clinic."""

from __future__ import annotations

from tests.proving_ground.model import Family, list_bugs

BUGS = list_bugs(
    "clinic",
    (
        *(
            (
                f"{plural}-read-any",
                Family.BOLA_READ,
                "isolation",
                f"GET /{plural}/{{{parameter}}}/{below}",
                f"Any user reads the {below} of any of the {plural}.",
            )
            for plural, parameter, below in (
                ("employees", "employee_id", "payslips"),
                ("patients", "patient_id", "records"),
                ("students", "student_id", "grades"),
                ("tenants", "tenant_id", "leases"),
                ("farmers", "id", "harvests"),
                ("sellers", "seller_id", "offers"),
            )
        ),
        (
            "patients-add-any",
            Family.BOLA_UPDATE,
            "isolation",
            "POST /patients/{patient_id}/records",
            "Any user adds a record to any patient.",
        ),
        (
            "farmers-add-any",
            Family.BOLA_UPDATE,
            "isolation",
            "POST /farmers/{id}/harvests",
            "Any user adds a harvest to any farmer.",
        ),
        (
            "offers-for-another",
            Family.MASS_ASSIGNMENT,
            "assignment",
            "POST /sellers/{seller_id}/offers",
            "A new offer may name its seller, if there is such a user.",
        ),
        (
            "candidate-named",
            Family.MASS_ASSIGNMENT,
            "assignment",
            "POST /nominations",
            "A new nomination may name its candidate, whose name ends like a date.",
        ),
        *(
            (
                f"{name}-open",
                Family.FUNCTION_LEVEL,
                "privilege",
                f"GET {path}",
                "Any user reads what is for the staff.",
            )
            for name, path in (
                ("administration", "/administration/reports"),
                ("admins", "/admins"),
                ("back-office", "/back-office/payments"),
                ("superusers", "/superusers"),
            )
        ),
        (
            "banners-accepted",
            Family.UNDOCUMENTED_STATUS,
            "conformance",
            "POST /admin/banners",
            "A new banner is answered with 202, which the contract does not know.",
        ),
        (
            "important-notices-accepted",
            Family.UNDOCUMENTED_STATUS,
            "conformance",
            "POST /admin/important-notices",
            "A new notice is answered with 202, which the contract does not know.",
        ),
    ),
)
