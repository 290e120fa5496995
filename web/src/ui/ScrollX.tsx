// Lets a wide table scroll sideways; reachable by key exactly when there is something to scroll.
import { type ReactNode, useEffect, useRef, useState } from "react";

export function ScrollX({ label, children }: { label: string; children: ReactNode }) {
  const box = useRef<HTMLElement>(null);
  const [scrolls, setScrolls] = useState(false);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setScrolls(element.scrollWidth > element.clientWidth);
    const resize = new ResizeObserver(measure);
    resize.observe(element);
    for (const child of element.children) resize.observe(child);
    return () => resize.disconnect();
  }, []);

  return (
    <section
      ref={box}
      style={{ overflowX: "auto" }}
      {...(scrolls && { tabIndex: 0, "aria-label": `${label}, scrolls sideways` })}
    >
      {children}
    </section>
  );
}
