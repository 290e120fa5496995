// Draws an ECharts option, and draws the next one into the same chart.
import { Skeleton } from "@mantine/core";
import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";

interface ChartProps {
  option: EChartsCoreOption;
  label: string;
  height?: number;
}

export function Chart({ option, label, height = 236 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);

  useEffect(() => {
    let gone = false;
    let made: ECharts | undefined;
    const resize = new ResizeObserver(() => made?.resize());
    void import("./engine").then(({ init }) => {
      if (gone || box.current === null) return;
      made = init(box.current);
      resize.observe(box.current);
      setChart(made);
    });
    return () => {
      gone = true;
      resize.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);

  useEffect(() => {
    chart?.setOption(option, { replaceMerge: ["series"] });
  }, [chart, option]);

  return (
    <div style={{ position: "relative" }}>
      {chart === null && <Skeleton pos="absolute" h={height} w="100%" />}
      <div ref={box} role="img" aria-label={label} style={{ height, width: "100%" }} />
    </div>
  );
}
