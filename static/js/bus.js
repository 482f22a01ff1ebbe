// The page of a bus: figures that stay fresh, and charts that are read bar by bar.
import "./chart.js";
import "./fresh.js";
