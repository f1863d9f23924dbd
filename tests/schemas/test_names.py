"""Names are compared as somebody would read them; two that read differently are two."""

import pytest

from schemas.names import different


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada Example", "  ADA  example"),
        ("Ada Example", "Аda Ехаmрlе"),  # noqa: RUF001
        ("Nina Hope", "Νina Норе"),  # noqa: RUF001
        ("Tom Vane", "Τоm νane"),  # noqa: RUF001
        ("José Núñez", "Jose\u0301 Nunez"),
        ("Łukasz Øster", "Lukasz Oster"),
        ("Ada Example", "Ada\u200b Exam\u00adple"),
        ("Ada", "\uff21\uff44\uff41"),
        ("Иван Ветров", "ИВАН ВЕТРОВ"),  # noqa: RUF001
    ],
)
def test_what_reads_alike_is_one_name(first: str, second: str) -> None:
    assert not different(first, second)
    assert not different(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Ada Example", "Ida Example"), ("Иван", "Лена"), ("निशा", "नेशा"), ("สมชาย", "สมชย"), ("王伟", "王芳")],
)
def test_what_reads_differently_is_two(first: str, second: str) -> None:
    assert different(first, second)
