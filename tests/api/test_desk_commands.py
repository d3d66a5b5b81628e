"""Technicians, visits, stock and money on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app


def test_files_go_in_and_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of file is taken over, its rows are told, and what is printed can be taken over again."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    def run(*words: str, code: int = 0) -> str:
        result = runner.invoke(app, list(words))
        assert result.exit_code == code, result.output
        return result.output

    def file(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    people = file("t.csv", "external_id,name,skills,shifts\nt-1,Ada,dryer:2,mon-fri 08:00-17:00\nt-2,Eve,dryer:9,\n")
    assert "level of 1 to 3" in run("technicians", "import", people, code=1)
    assert "mon-fri 08:00-17:00" in run("technicians", "list")
    assert "t-1,Ada" in run("technicians", "export")
    assert "0 visits, 0 min" in run("visits", "plan", "2026-11-30", "--keep")
    assert run("visits", "list", "2026-11-30", "--json") == ""
    run("stock", "import-parts", file("p.csv", "sku,cost,currency\n00145,39.90,EUR\n"))
    assert "39.90,EUR" in run("stock", "export-parts")
    assert "no place of stock" in run("stock", "count", file("c.csv", "place,sku,counted\nw,00145,3\n"), code=1)
    assert "00145" in run("stock", "needs")
    assert run("stock", "list", "--csv").strip() == "place,sku,counted,reserved"
    run(
        "billing",
        "import-prices",
        file("m.csv", "external_id,code,amount,currency,valid_from\n1,visit,49,EUR,2026-01-01\n"),
    )
    assert "1,visit,,49,EUR" in run("billing", "export-prices")
    run(
        "billing",
        "import-coverages",
        file("v.csv", "external_id,basis,valid_from,months\nw,manufacturer,2026-01-01,24\n"),
    )
    assert "w,manufacturer,2026-01-01,,24" in run("billing", "export-coverages")
    bill = "external_id,number,issued_on,currency,amount,receipt_id\ni,RE-7,2026-11-30,EUR,9,rc_1\n"
    assert "no receipt" in run("billing", "import-invoices", file("i.csv", bill), code=1)
    assert "expected,difference" in run("billing", "export-invoices")
    assert "receipt_id,ticket" in run("billing", "export-receipts")
    taxes = file("x.csv", "external_id,percent,valid_from,region\nde,19,2026-01-01,west\n")
    run("billing", "import-taxes", taxes)
    assert "de,standard,west,19,no" in run("billing", "export-taxes")
    gift = file("g.csv", "external_id,receipt_id,total,reason\ng,rc_1,9,goodwill\n")
    assert "no receipt" in run("billing", "import-credit-notes", gift, code=1)
    claim = file("k.csv", "external_id,ticket,maker,sku,claimed,currency\nc,1,Pumps,00145,9,EUR\n")
    assert "refused" in run("billing", "import-claims", claim, code=1)
    for noun in ("credit-notes", "claims", "outcomes"):
        assert run("billing", f"export-{noun}").startswith("external_id,")
    run("billing", "statement", "pr_1", "2026-11-01", "2026-11-30", code=1)
