"""The statements of a job, adapted to where it runs."""

from __future__ import annotations

from support.session import simple_plan
from tilewright_compiler.targets import flink
from tilewright_runtime.engines.flink.script import parse_script, topic_changes


def test_tables_of_a_topic_are_told_how_brokers_are_reached() -> None:
    """Both tables of a source get the settings as literals; without settings nothing changes."""
    assert topic_changes(["clicks"], {}) == {}
    changes = topic_changes(["clicks"], {"sasl.jaas.config": "x password='a';"})
    assert changes == {
        table: [f"ALTER TABLE `{table}` SET ('properties.sasl.jaas.config' = 'x password=''a'';')"]
        for table in ("clicks", "lines of clicks")
    }


def test_events_before_the_cut_over_of_the_store_are_left_out() -> None:
    """Its time stands where every event is taken otherwise, for each source once."""
    sql = flink.files(simple_plan())["flink/job.sql"]
    texts = {
        cutover_ms: "\n".join(
            parse_script(sql, batch=False, replay=False, cutover_ms=cutover_ms).statements
        )
        for cutover_ms in (None, 1_704_067_200_000)
    }
    assert texts[None].count("WHERE COALESCE(`__ts` >= CAST(NULL AS BIGINT), TRUE)") == 1
    assert texts[1_704_067_200_000].count("WHERE COALESCE(`__ts` >= 1704067200000, TRUE)") == 1
