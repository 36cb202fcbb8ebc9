"""The report's plot: grouped bars of every figure relative to one proxy, as a plain SVG."""
COLOURS = {"switchyard": "#d9480f", "haproxy": "#1971c2", "nginx": "#2f9e44"}
WIDTH, ROW, BAR, LEFT, RIGHT = 860, 78, 18, 230, 90


def bars(table, names, reference):
    """`table`: figure -> (title, {proxy: median}, ratios). Bars end at 3 x the reference; the numbers say what is beyond."""
    height = 60 + ROW * len(table)
    most = 3.0
    scale = (WIDTH - LEFT - RIGHT) / most
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    x = LEFT
    for name in names:
        parts.append(f'<rect x="{x}" y="14" width="12" height="12" fill="{COLOURS.get(name, "#555")}"/><text x="{x + 18}" y="25">{name}</text>')
        x += 120
    parts.append(f'<text x="14" y="25" fill="#555">{reference} = 1</text>')
    y = 48
    for title, medians, _ in table.values():
        parts.append(f'<text x="14" y="{y + 32}">{title}</text>')
        base = medians[reference]
        for index, name in enumerate(names):
            share = medians[name] / base if base > 0 else 0
            width = min(share, most) * scale
            top = y + index * (BAR + 2)
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{COLOURS.get(name, "#555")}"/>')
            parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{top + 14}" font-size="12">{medians[name]:,.4g} ({share:.2f}×)</text>')
        y += ROW
    parts.append(f'<line x1="{LEFT + scale:.1f}" y1="40" x2="{LEFT + scale:.1f}" y2="{height - 14}" stroke="#999" stroke-dasharray="4 4"/></svg>')
    return "\n".join(parts) + "\n"
