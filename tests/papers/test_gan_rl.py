"""Improved GANs with reconstruction loss (Li, Xiao and Ouyang 2018): the whole spec and the paper's numbers."""

from __future__ import annotations

import re

import pytest

from benchmark.judging.audit import audit
from benchmark.plan import epoch_iterations, make_plan
from benchmark.spec.claims import Claim
from benchmark.spec.resolve import system_of
from tests.papers import checks

NAME = "gan_rl"
LOADED = checks.paper(NAME)
SPEC = LOADED.spec
AUDIT = audit(SPEC, LOADED.source.data)
SETS = {"CIFAR-10": "cifar10", "SVHN": "svhn", "LSUN": "lsun", "CelebA": "celeba"}
METHODS = ("GAN", "GAN-RL", "DRAGAN", "AGE", "alpha-GAN")
#: variants of the dossier, and experiments that run them
VARIANTS = {
    "V1": {"toy_minimax"},
    "V2": {"toy_non_saturating"},
    "V3": {"toy_reconstruction"},
    "V4": {"cifar10_gan_a", "svhn_gan", "lsun_gan", "celeba_gan"},
    "V5": {"cifar10_gan_rl_a", "svhn_gan_rl", "lsun_gan_rl", "celeba_gan_rl", "cifar10_lambda_twenty"},
    "V6": {"cifar10_dragan_a", "svhn_dragan", "lsun_dragan", "celeba_dragan"},
    "V7": {"svhn_dragan_rl", "celeba_dragan_rl", "lsun_dragan_rl"},
    "V8": {"svhn_gan_gp", "celeba_gan_gp", "lsun_gan_gp"},
    "V9": {"svhn_gan_gp_rl", "celeba_gan_gp_rl", "lsun_gan_gp_rl"},
    "V10": {"cifar10_age_b", "svhn_age", "lsun_age"},
    "V11": {"cifar10_alpha_gan_b", "svhn_alpha_gan", "lsun_alpha_gan"},
    "V12": {"resnet_gan_rl"},
    "V13": {"lsun128_gan_rl"},
    "V14": {"resnet_wgan_gp", "resnet_sn_gan"},
}


def test_every_part_of_the_paper_is_there() -> None:
    assert set(SPEC.claims) == {f"RL-C{number}" for number in range(1, 29)}
    # RL-I22 is left out: tables 3 and 6 agree
    assert set(SPEC.contradictions) == {f"RL-I{number}" for number in range(1, 25)} - {"RL-I22"}
    assert {table.where for table in SPEC.tables.values()} == {f"table {number}" for number in range(1, 7)}
    figures = {re.match(r"F\d+", name).group() for name in SPEC.figures}  # type: ignore[union-attr]
    assert figures == {f"F{number}" for number in range(1, 11)}
    assert set().union(*VARIANTS.values()) <= set(SPEC.experiments)
    ledger = " ".join(entry.source for entry in SPEC.unstated.values())
    assert set(re.findall(r"RL-U\d+", ledger)) == {f"RL-U{number}" for number in range(1, 13)}
    assert AUDIT.missing == []


def test_figures_show_every_full_run() -> None:
    shown = {name for figure in SPEC.figures.values() for name in figure.experiments}
    cells = {cell.experiment for table in SPEC.tables.values() for row in table.rows for cell in row.cells.values()}
    assert set(SPEC.experiments) == (shown | cells) - {None}


# --- published numbers ----------------------------------------------------------------------------------------------


def printed(table: str) -> dict[tuple[str, str], str]:
    """A table's numbers as text, by row and column."""
    return {
        (row.label, column): f"{cell.value:.{cell.decimals}f}"
        for row in SPEC.tables[table].rows
        for column, cell in row.cells.items()
    }


def dossier(heading: str) -> list[list[str]]:
    """Rows of the first table below ``heading`` in the dossier of the five papers, head included, without bold."""
    file = checks.ROOT.parent / "shared" / "papers" / "DOSSIER.md"
    if not file.is_file():
        pytest.skip("the dossier is not here")
    below = file.read_text(encoding="utf-8").split(heading, 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE).group().splitlines()  # type: ignore[union-attr]
    rows = [[cell.strip() for cell in line.replace("**", "").strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


def _set(name: str) -> str:
    return "LSUN" if name.startswith("LSUN") else name


def _number(text: str) -> str:
    return re.match(r"[\d.]+", text).group()  # type: ignore[union-attr]


@pytest.mark.parametrize(("table", "heading"), [("T3", "**RL-T3"), ("T4", "**RL-T4")])
def test_five_methods_on_three_sets(table: str, heading: str) -> None:
    _, *rows = dossier(heading)
    expected = {
        (_set(row[0]), method): _number(text) for row in rows for method, text in zip(METHODS, row[1:], strict=False)
    }
    assert printed(table) == expected
    assert len(expected) == 15


def test_settings() -> None:
    _, *rows = dossier("settings, RL-T1")
    table = printed("T1")
    for label, rate, beta1, beta2, *_ in rows[:4]:
        assert float(table[label, "LR"]) == float(rate)
        assert table[label, "beta1"] == beta1
        betas = {text for (row, column), text in table.items() if row == label and column.endswith("beta2")}
        assert betas == ({beta2} if beta2[0] == "0" else {"0.9", "0.999"})
    _, best_rates, best_betas = dossier("Optimal settings, RL-T2")
    assert [float(printed("T2")["Lr", method]) for method in METHODS] == [float(rate) for rate in best_rates[1:]]
    assert [printed("T2")["beta2", method] for method in METHODS] == best_betas[1:]


def test_resnets() -> None:
    head, *rows = dossier("**RL-T5")
    for table, row in zip(("T5-FID", "T5-IS"), rows, strict=True):
        cells = SPEC.tables[table].rows[0].cells
        for method, text in zip(head[1:], row[1:], strict=True):
            value, _, spread = text.partition(" ± ")
            assert printed(table)[SPEC.tables[table].rows[0].label, method] == _number(value)
            assert cells[method].spread == (float(_number(spread)) if spread else None)
            assert (cells[method].quoted_from is None) == (method == "GAN-RL")


def test_pairs() -> None:
    _, *rows = dossier("**RL-T6")
    values, iterations = {}, {}
    for place, pair, with_loss, without, *_ in rows:
        for method, text in ((f"{pair}-RL", with_loss), (pair, without)):
            fid, thousands = re.fullmatch(r"([\d.]+) @ (\d+)k", text).groups()  # type: ignore[union-attr]
            values[place, method] = fid
            iterations[place, method] = f"{thousands}000"
    assert printed("T6") == values
    assert printed("T6-iterations") == iterations
    assert len(values) == 18


def test_tables_3_and_6_agree() -> None:
    first, second = printed("T3"), printed("T6")
    shared = set(first) & set(second)
    assert len(shared) == 6
    assert all(float(first[place]) == float(second[place]) for place in shared)


def test_bold_print() -> None:
    bold = {
        name: {(row.label, column) for row in table.rows for column, cell in row.cells.items() if cell.bold}
        for name, table in SPEC.tables.items()
    }
    assert bold.pop("T3") == {(place, "GAN-RL") for place in ("CIFAR-10", "SVHN", "LSUN")}
    assert bold.pop("T4") == {(place, name) for place in ("CIFAR-10", "SVHN", "LSUN") for name in ("GAN", "GAN-RL")}
    assert bold.pop("T6") == {("SVHN", "GAN-GP-RL"), ("CelebA", "DRAGAN-RL"), ("LSUN", "DRAGAN-RL")}
    assert not any(bold.values())


def test_cells_name_the_experiment_of_their_row_and_column() -> None:
    for name in ("T3", "T4", "T6", "T6-iterations"):
        for row in SPEC.tables[name].rows:
            for column, cell in row.cells.items():
                assert cell.experiment is not None
                assert cell.experiment.startswith(SETS[row.label])
                system = SPEC.experiments[cell.experiment].system
                assert system == column.lower().replace("-", "_")


def test_best_settings_are_those_of_the_experiments_in_table_3() -> None:
    rates, betas = SPEC.tables["T2"].rows
    for method, cell in SPEC.tables["T3"].rows[0].cells.items():
        assert cell.experiment == rates.cells[method].experiment == betas.cells[method].experiment
        assert cell.experiment is not None
        for player in system_of(SPEC, SPEC.experiments[cell.experiment]).players.values():
            assert player.optimizer.learning_rate == rates.cells[method].value  # type: ignore[attr-defined]
            assert player.optimizer.beta2 == betas.cells[method].value  # type: ignore[attr-defined]
            assert player.optimizer.beta1 == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["gan", "gan_rl", "dragan", "age", "alpha_gan"])
def test_four_settings(method: str) -> None:
    rates = {row.label.lower(): row.cells["LR"].value for row in SPEC.tables["T1"].rows}
    if method == "alpha_gan":  # section 6.1: not table 1's
        rates = {"a": 5e-4, "b": 5e-4, "c": 1e-4, "d": 1e-3}
    better = 0.999 if method in ("age", "alpha_gan") else 0.9
    betas = {"a": 0.9, "b": 0.999, "c": better, "d": better}
    for setting, rate in rates.items():
        for player in system_of(SPEC, SPEC.experiments[f"cifar10_{method}_{setting}"]).players.values():
            optimizer = player.optimizer
            assert (optimizer.learning_rate, optimizer.beta2) == (rate, betas[setting])  # type: ignore[attr-defined]


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_run_that_two_experiments_need_is_planned_once() -> None:
    also = {run.experiment: run.also for run in make_plan(SPEC, "full", seeds=[0]) if run.also}
    assert also == {"cifar10_gan_a": ("cifar10_lambda_none",), "cifar10_gan_rl_a": ("cifar10_lambda_five",)}


def test_budgets() -> None:
    iterations = {run.experiment: run.iterations for run in make_plan(SPEC, "full", seeds=[0])}
    others = {name for name in iterations if name.startswith("toy_") or name in VARIANTS["V14"]}
    assert {iterations[name] for name in iterations if name not in others} == {200_000}
    expected = {"cifar10_gan_a": 256, "svhn_gan": 175, "celeba_gan": 63, "lsun_gan": 4.2, "lsun128_gan_rl": 1.06}
    for name, epochs in expected.items():
        setup = SPEC.experiments[name]
        per_epoch = epoch_iterations(setup, system_of(SPEC, setup))
        assert per_epoch is not None
        assert 200_000 / per_epoch == pytest.approx(epochs, rel=0.01)


# --- claims on the printed numbers ----------------------------------------------------------------------------------


def test_claims_on_the_printed_numbers() -> None:
    outcomes = {claim.id: claim.on_published for claim in AUDIT.claims}
    holding = {f"RL-C{number}" for number in (1, 2, 3, 5, 6, 17, 18, 19, 20)}
    assert {name for name, outcome in outcomes.items() if outcome == "holds"} == holding
    assert {name for name, outcome in outcomes.items() if outcome == "fails"} == {"RL-C7"}
    assert {name for name, outcome in outcomes.items() if outcome == "holds in part"} == {"RL-C4"}
    partly = next(claim.reason for claim in AUDIT.claims if claim.id == "RL-C4")
    assert "3.384 is not below 2.3" in partly
    assert "2.385 is not below 2.3" in partly


def test_what_the_audit_says_of_the_tables() -> None:
    found = {(finding.table, finding.kind) for finding in AUDIT.tables}
    assert {("T4", "bold"), ("T5-FID", "quoted"), ("T5-IS", "quoted"), ("T5-IS", "spread")} <= found
    unequal = {(finding.table, finding.says) for finding in AUDIT.tables if finding.kind == "protocol"}
    assert ("T5-FID", "'samples' is 50000 (FIDs / GAN-RL, FIDs / WGAN-GP); 5000 (FIDs / SN-GAN)") in unequal
    assert {table for table, _ in unequal} == {"T5-FID"}
    ours = [finding.says for finding in AUDIT.tables if finding.kind == "regenerated"]
    assert all("unequal 'reference_images'" in says for says in ours)
    assert not any(finding.kind == "repeat" for finding in AUDIT.tables)


def test_published_times_against_the_peak_of_the_device() -> None:
    """Three times on CIFAR-10 are too short for the networks declared here, padding left out; SVHN's are not."""
    shares = {(one.row, one.column): one.share_of_peak for one in AUDIT.times}
    assert len(shares) == 15
    beyond = {place for place, share in shares.items() if share > 1}
    assert beyond == {("CIFAR-10", "GAN"), ("CIFAR-10", "GAN-RL"), ("CIFAR-10", "alpha-GAN")}
    # by hand: 5 x 5 windows of stride 2 share 17, 37 and 77 places with lines of 8, 16 and 32, both ways
    linear, image, last = 128 * 8192, 77**2 * 3 * 128, 512 * 4 * 4
    middle = 17**2 * 512 * 256 + 37**2 * 256 * 128
    generator, discriminator = linear + middle + image, image + middle + last
    of_d = generator + 3 * 2 * discriminator - 2 * image  # no gradient for the images that enter D
    of_g = 3 * generator - linear + 2 * discriminator
    rate = 2 * 64 * (of_d + 2 * of_g) * 200_000 / 4158 / 1e12
    assert next(one.implied_teraflops for one in AUDIT.times) == pytest.approx(rate, rel=1e-9)
    assert rate > 8.87


def test_claims_that_no_measurement_decides_say_why() -> None:
    def of(way: str) -> set[str]:
        return {name for name, claim in SPEC.claims.items() if getattr(claim, way) is not None}

    assert of("verified_by") == {"RL-C27"}
    assert of("not_assessable") == {f"RL-C{number}" for number in (23, 24, 28)}
    measured: list[Claim] = [SPEC.claims[name] for name in of("predicate")]
    assert all(claim.min_seeds is not None and claim.min_seeds >= 3 for claim in measured)


# --- the text -------------------------------------------------------------------------------------------------------


def test_pointers_name_places_that_exist() -> None:
    text = checks.text_of(NAME)
    wrong = {place: lost for place, where in checks.pointers(SPEC) if (lost := checks.missing_pointers(where, text))}
    assert wrong == {}


def test_a_pointer_to_nowhere_is_noticed() -> None:
    text = checks.text_of(NAME)
    where = "section 6.9; equations 4a and 9; table 7, figure 1a"
    assert checks.missing_pointers(where, text) == ["section 6.9", "table 7", "equation 9"]
