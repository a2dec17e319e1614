"""The statements of a job, adapted to where it runs."""

from __future__ import annotations

from tilewright_runtime.engines.flink.script import topic_changes


def test_tables_of_a_topic_are_told_how_brokers_are_reached() -> None:
    """Both tables of a source get the settings as literals; without settings nothing changes."""
    assert topic_changes(["clicks"], {}) == {}
    changes = topic_changes(["clicks"], {"sasl.jaas.config": "x password='a';"})
    assert changes == {
        table: [f"ALTER TABLE `{table}` SET ('properties.sasl.jaas.config' = 'x password=''a'';')"]
        for table in ("clicks", "lines of clicks")
    }
