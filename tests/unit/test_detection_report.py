"""The table of what finds the planted bugs."""

from benchmarks.detection_table import write_detection

FIGURES = {
    "seeds": [1, 10],
    "bugs": 4,
    "tools": {
        "stock": {
            "found": 1,
            "missed": ["a", "b", "c"],
            "requests": 50,
            "seconds": 1.0,
            "false_alarms": 0,
            "families": {"BOLA: read": [1, 2], "BOLA: list": [0, 1], "race": [0, 1]},
        },
        "ours": {
            "found": 4,
            "missed": [],
            "requests": 90,
            "seconds": 0.5,
            "false_alarms": 2,
            "families": {"BOLA: read": [2, 2], "BOLA: list": [1, 1], "race": [1, 1]},
        },
    },
}


def test_table_sums_families_of_one_kind_and_names_what_is_missed() -> None:
    lines = write_detection(FIGURES).splitlines()
    assert "| **found** | 1 (25%) | 4 (100%) |" in lines
    assert "| BOLA | 1 of 3 | 3 of 3 |" in lines
    assert "| requests, all right builds | 50 (1.00 times) | 90 (1.80 times) |" in lines
    assert "| false alarms, all seeds | 0 | 2 |" in lines
    assert lines[-1].endswith("seeds 1 to 10. Missed by stock: `a`, `b`, `c`.")
