"""Which topic it is that has a name."""

from __future__ import annotations

from collections.abc import Mapping

from tilewright_compiler.plan.topics import Topic

from .settings import client_settings


def topic_id(topic: Topic, settings: Mapping[str, str], patience_s: float) -> str:
    """Ask for a topic's id.

    It tells the topic from a later one of its name. Old brokers have none.
    """
    from confluent_kafka import KafkaException, TopicCollection
    from confluent_kafka.admin import AdminClient

    own = client_settings(settings)
    own.pop("group.id", None)
    admin = AdminClient({"bootstrap.servers": topic.servers, "log_level": 0, **own})
    try:
        answers = admin.describe_topics(TopicCollection([topic.name]), request_timeout=patience_s)
        return str(answers[topic.name].result().topic_id)
    except KafkaException:
        return ""
