"""Settings of Kafka: where they come from, and what Java calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilewright_runtime.errors import InputError
from tilewright_runtime.readers.kafka.settings import java_settings, kafka_settings


def test_variables_are_added_to_a_file(tmp_path: Path) -> None:
    """A variable takes precedence over the file that another one names."""
    file = tmp_path / "client.properties"
    file.write_text("# ours\nsecurity.protocol=SASL_SSL\n\nsasl.username = file\n")
    found = kafka_settings(
        {"TILEWRIGHT_KAFKA_PROPERTIES": str(file), "TILEWRIGHT_KAFKA_SASL_USERNAME": "variable"}
    )
    assert found == {"security.protocol": "SASL_SSL", "sasl.username": "variable"}


def test_properties_of_java_are_understood(tmp_path: Path) -> None:
    """A file that Java's clients read gives the same names and certificates."""
    file = tmp_path / "client.properties"
    file.write_text(
        'sasl.jaas.config=org.X required username="ana" password="a=b";\n'
        "ssl.truststore.type=PEM\nssl.truststore.location=/ca.pem\n"
        "max.partition.fetch.bytes=65536\n"
    )
    assert kafka_settings({"TILEWRIGHT_KAFKA_PROPERTIES": str(file)}) == {
        "sasl.username": "ana",
        "sasl.password": "a=b",
        "ssl.ca.location": "/ca.pem",
        "max.partition.fetch.bytes": "65536",
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sasl.user=x", ":1: 'sasl.user' is not a setting"),
        ("nothing", ":1: is not of the form name=value"),
        ("ssl.truststore.type=JKS", "Give certificates as PEM"),
    ],
)
def test_a_line_that_is_not_understood_is_named(tmp_path: Path, line: str, said: str) -> None:
    """A mistake in the file is told with its place."""
    file = tmp_path / "client.properties"
    file.write_text(line)
    with pytest.raises(InputError) as raised:
        kafka_settings({"TILEWRIGHT_KAFKA_PROPERTIES": str(file)})
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named() -> None:
    """The variable that names it is in the message."""
    with pytest.raises(InputError, match=r"nowhere: cannot .*TILEWRIGHT_KAFKA_PROPERTIES"):
        kafka_settings({"TILEWRIGHT_KAFKA_PROPERTIES": "nowhere"})


def test_a_device_is_no_file_of_settings() -> None:
    """It may have no end."""
    with pytest.raises(InputError, match="it is no regular file"):
        kafka_settings({"TILEWRIGHT_KAFKA_PROPERTIES": "/dev/full"})


def test_java_gets_the_same_connection(tmp_path: Path) -> None:
    """Certificates go as text, and a password is quoted."""
    (tmp_path / "ca.pem").write_text("CERTIFICATE")
    java = java_settings(
        {
            "security.protocol": "SASL_SSL",
            "max.partition.fetch.bytes": "65536",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "ana",
            "sasl.password": 'a"\\b',
            "ssl.ca.location": str(tmp_path / "ca.pem"),
            "schema.registry.url": "http://registry",
        }
    )
    assert java == {
        "security.protocol": "SASL_SSL",
        "max.partition.fetch.bytes": "65536",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            'username="ana" password="a\\"\\\\b";'
        ),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": "CERTIFICATE",
    }
