import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { CertificateView } from "../src/certificate/CertificateView";
import { readCertificate } from "../src/certificate/read";

const COST = {
  parameters: 5_386,
  bytes: 21_544,
  macs: 1_204_224,
  synops: 182_331,
  firing_rate: 0.162,
  energy_estimate_pj: 717_821,
  layers: [{ layer: "conv1", macs: 600_000, synops: 91_000, firing_rate: 0.2 }],
};

const BOUNDED = {
  version: 1,
  verdict: "bounded",
  samples: 256,
  float64: {
    spikes_equal: true,
    spikes: 92_160,
    max_abs_current_diff: 1.8e-15,
    max_abs_logit_diff: 3.55e-15,
    binary: true,
    mismatches: 0,
  },
  float32: {
    agreement: 255,
    samples: 256,
    max_abs_logit_diff: 2.4e-6,
    smallest_margin: 3.1e-5,
    layers: [
      { layer: "conv1", neurons: 23_040, local_mismatch: [0, 0], end_to_end_mismatch: [0, 3] },
    ],
  },
  exports: [
    {
      format: "onnx",
      file: "folded.onnx",
      agreement: 256,
      max_abs_logit_diff: 1.9e-6,
      runtime: "onnxruntime 1.32",
      samples: 256,
      within_tolerance: 254,
    },
  ],
  unshared: [{ layer: "conv2", form: "factored", materialized_bytes: 1_258_291 }],
  cost: {
    before: { ...COST, parameters: 5_434 },
    after: COST,
    energy_table: { mac_pj: 4.6, ac_pj: 0.9, process: "45 nm" },
  },
  something_new: { of: "a later version" },
};

function text(document: Record<string, unknown>): string {
  const html = renderToStaticMarkup(
    <MantineProvider>
      <CertificateView certificate={readCertificate(document)} />
    </MantineProvider>,
  );
  return html
    .replace(/<style.*?<\/style>/gs, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

describe("a certificate", () => {
  it("shows its verdict and every number behind it", () => {
    const shown = text(BOUNDED);
    for (const part of [
      "bounded",
      "256 held-out samples",
      "3.6e−15",
      "255 of 256",
      "3.1e−5",
      "23,040",
      "256 of 256",
      "254 of 256",
      "0 of 92,160",
      "1.8e−15",
      "factored, 1.20 MiB written out",
      "5,434",
      "5,386",
      "1.20 M",
      "182 k",
    ]) {
      expect(shown).toContain(part);
    }
  });

  it("names the values that are sent and the formats that cannot be", () => {
    expect(text(BOUNDED)).toContain("Every sent value is 0 or 1");
    const shown = text({
      ...BOUNDED,
      alphabet: [-1, 0, 1],
      refused: [{ format: "nir", reason: "NIR has no max pool" }],
    });
    expect(shown).toContain("Every sent value is −1, 0 or 1");
    expect(shown).toContain("Not as nir: NIR has no max pool");
  });

  it("never shows energy as if it were measured", () => {
    const shown = text(BOUNDED);
    expect(shown).toContain("≈ 718 nJ");
    expect(shown).toContain("Energy is an estimate, not measured: 4.6 pJ");
  });

  it("says that spikes differ", () => {
    expect(text({ ...BOUNDED, float64: { spikes_equal: false, mismatches: 4 } })).toContain("✗ no");
  });

  it("with parts missing shows dashes and does not break", () => {
    for (const document of [
      {},
      { verdict: "exact" },
      { float32: null, exports: "none", cost: [1] },
    ]) {
      expect(text(document)).toContain("–");
    }
  });

  it("with an unknown verdict does not explain it", () => {
    expect(text({ verdict: "novel" })).toContain("does not know this verdict");
  });
});
