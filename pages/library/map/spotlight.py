"""What plays, on the map: its dot lit up with its name, its neighbours beside it, a line along a walk.

Plotly would draw the whole map anew for it, and forget where it was moved to: a layer of its own lies on it.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from genre.text import encodable, genre_name, shorten
from pages.library.neighbours import nearest

if TYPE_CHECKING:
    from genre.library.search import Library, Song

NAME_CHARS, STAGE_CHARS = 30, 64  # of a name at its dot, and of the one below the map on the stage

_CAPTION = '<p class="map-caption" aria-hidden="true"></p>'  # what plays, on the stage
_SCRIPT = """<script>{
const light = window.earmarkMap ??= {};
Object.assign(light, DATA, {stop: 0});
if (!light.draw) {
    // Dots that a name is to leave free, and dots that it is tried beside: of large maps some.
    const MOST_SEEN = 600, MOST_TRIED = 12;
    const make = (parent, name, attributes, text = "") => {
        const element = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        element.textContent = text;
        parent.append(element);
        return element;
    };
    const clear = () => document.querySelector(".map-light")?.replaceChildren();
    const placesOf = (plot, {xaxis, yaxis}) => new Map(plot._fullData.flatMap(trace =>
        Array.from(trace.customdata ?? [], (id, k) => [id, {
            x: xaxis._offset + xaxis.d2p(trace.x[k]),
            y: yaxis._offset + yaxis.d2p(trace.y[k]), colour: trace.marker.color}])));
    const write = (layer, {x, y}, width, lines) => {  // above the dot, or below it where there is no room
        const top = y > 75 ? y - 20 - 21 * (lines.length - 1) : y + 38;
        lines.forEach(([name, text], n) => {
            const label = make(layer, "text", {class: name, y: top + 21 * n}, text);
            const half = label.getComputedTextLength() / 2 + 4;
            label.setAttribute("x", Math.max(half, Math.min(width - half, x)));
        });
    };
    const meet = (one, other) => one.left < other.right && other.left < one.right
        && one.top < other.bottom && other.top < one.bottom;
    const moved = ({left, right, top, bottom}, dx, dy) =>
        ({left: left + dx, right: right + dx, top: top + dy, bottom: bottom + dy});
    // Where the map and its dots are on the screen.
    const onScreen = (box, layout, places) => {
        const frame = box.getBoundingClientRect(), zoom = frame.width / layout.width;
        const dots = [...places.values()].map(({x, y, colour}) =>
            ({x: frame.left + x * zoom, y: frame.top + y * zoom, colour}));
        const {xaxis, yaxis} = layout;
        const dotOf = name => {  // plotly binds what it draws to its element
            const {x, y} = name.closest(".textpoint").__data__;
            const left = frame.left + zoom * (xaxis._offset + xaxis.c2p(x));
            const top = frame.top + zoom * (yaxis._offset + yaxis.c2p(y));
            const far = dot => Math.hypot(dot.x - left, dot.y - top);
            return dots.reduce((one, other) => far(other) < far(one) ? other : one);
        };
        return {frame, zoom, dots, dotOf};
    };
    const covers = ({left, right, top, bottom}, {x, y}, r) =>
        x > left - r && x < right + r && y > top - r && y < bottom + r;
    const isInside = (place, frame) => place.left >= frame.left && place.right <= frame.right
        && place.top >= frame.top && place.bottom <= frame.bottom;
    // The names of songs: on one of four sides of their dots, where they cover nothing; else hidden.
    const thinOut = (names, {frame, zoom, dots, dotOf}, taken, lit = null) => {
        const boxes = [...taken].map(element => element.getBoundingClientRect());
        for (const name of names) {
            name.style.translate = "";
            const box = name.getBoundingClientRect();
            const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
            const own = dotOf(name);
            const [dx, dy] = [2 * (own.x - x), 2 * (own.y - y)];  // to the other side of the dot
            const free = own !== lit && [[0, 0], [0, dy], [dx, 0], [dx, dy]].find(shift => {
                const place = moved(box, ...shift);
                return isInside(place, frame) && !boxes.some(other => meet(place, other))
                    && !dots.some(dot => dot !== own && covers(place, dot, 6 * zoom));
            });
            name.style.visibility = free ? "" : "hidden";
            if (!free) continue;
            name.style.translate = `${free[0] / zoom}px ${free[1] / zoom}px`;
            boxes.push(moved(box, ...free));
        }
    };
    // The names of genres: each beside one of its own dots, near the middle of them, where it covers few.
    const arrange = (genres, {frame, zoom, dots}, taken, layout) => {
        const names = taken.map(element => element.getBoundingClientRect()), r = 12 * zoom;
        const seen = dots.filter((_, n) => n % Math.ceil(dots.length / MOST_SEEN) === 0);
        const middle = values => values.sort((one, other) => one - other)[values.length >> 1];
        for (const genre of genres) {
            genre.style.translate = genre.style.visibility = "";
            const box = genre.getBoundingClientRect();
            if (!box.width) continue;
            const {bordercolor} = layout.annotations[genre.dataset.index];
            const own = dots.filter(({colour}) => colour === bordercolor);
            const x = middle(own.map(dot => dot.x)), y = middle(own.map(dot => dot.y));
            const far = dot => Math.hypot(dot.x - x, dot.y - y);
            const near = own.sort((one, other) => far(one) - far(other)).slice(0, MOST_TRIED);
            const beside = box.width / 2 + r, below = box.height / 2 + r;
            const choices = near.flatMap(dot => [-1, 0, 1].flatMap(right => [-1, 0, 1]
                .filter(down => right || down).map(down => {
                    const centre = {x: dot.x + right * beside, y: dot.y + down * below};
                    const dx = centre.x - (box.left + box.right) / 2;
                    const dy = centre.y - (box.top + box.bottom) / 2, place = moved(box, dx, dy);
                    const meets = names.filter(name => meet(place, name)).length;
                    const covered = seen.filter(dot => covers(place, dot, r - 1)).length;
                    return {...place, dx, dy, meets, cost: 1000 * !isInside(place, frame) + 100 * meets
                        + 2 * covered + 20 * far(centre) / frame.width};
                })));
            const best = choices.reduce((one, other) => other.cost < one.cost ? other : one);
            genre.style.translate = `${best.dx / zoom}px ${best.dy / zoom}px`;
            if (best.meets) genre.style.visibility = "hidden";
            else names.push(best);
        }
    };
    const keepInSight = dot => {  // below what plays, where that stays in sight, and above the fold
        const {top, bottom} = dot.getBoundingClientRect();
        const main = document.querySelector("[data-testid=stMain]");
        const bar = document.querySelector(".st-key-library_map_top").getBoundingClientRect().bottom;
        const over = Math.min(0, top - bar - 24), under = Math.max(0, bottom + 24 - window.innerHeight);
        if (over || under) main.scrollBy({top: over || under});
    };
    light.draw = () => {
        const plot = document.querySelector(".st-key-library_map .js-plotly-plot");
        const layout = plot?._fullLayout, box = plot?.querySelector(".svg-container");
        if (!layout?.xaxis?.d2p || !box) return false;
        if (light.plot !== plot) {
            light.plot = plot;
            plot.on("plotly_afterplot", light.draw);
            plot.on("plotly_relayouting", clear);  // while a hand moves the map
        }
        const layer = box.querySelector(".map-light")
            ?? make(box, "svg", {class: "map-light", "aria-hidden": "true"});
        const stop = light.stops[light.stop], isWalk = light.stops.length > 1;
        clear();
        layer.classList.toggle("is-walk", isWalk);
        document.querySelectorAll(".walk li").forEach((item, n) => n === light.stop
            ? item.setAttribute("aria-current", "step") : item.removeAttribute("aria-current"));
        const places = placesOf(plot, layout), here = places.get(stop?.id);
        plot.classList.toggle("is-lit", Boolean(here));
        const caption = document.querySelector(".map-caption"), isStage = plot.closest(".presenting");
        caption.replaceChildren();
        const names = box.querySelectorAll(".textpoint text"), genres = box.querySelectorAll(".annotation");
        const screen = onScreen(box, layout, places);
        if (!here) {
            thinOut(names, screen, []);
            arrange(genres, screen, [], layout);
            return true;
        }
        const way = light.stops.map(({id}) => places.get(id)).filter(Boolean);
        const line = (name, from, to) => make(layer, "line",
            {class: name, x1: from.x, y1: from.y, x2: to.x, y2: to.y, pathLength: 1});
        for (let n = 1; n < way.length; n++)
            line(n < light.stop ? "map-gone" : n === light.stop ? "map-gone map-step" : "map-way",
                way[n - 1], way[n]);
        if (!isWalk) for (const near of stop.near.map(id => places.get(id)).filter(Boolean)) {
            line("map-near", here, near);
            make(layer, "circle", {class: "map-neighbour", cx: near.x, cy: near.y, r: 8, fill: near.colour});
        }
        make(layer, "circle", {class: "map-pulse", cx: here.x, cy: here.y, r: 13, fill: here.colour});
        make(layer, "circle", {class: "map-here", cx: here.x, cy: here.y, r: 12, fill: here.colour});
        if (light.inSight !== stop.id) {
            light.inSight = stop.id;
            if (!isStage) keepInSight(layer.querySelector(".map-here"));
        }
        const place = isWalk ? `${stop.genre}, ${light.stop + 1} of ${light.stops.length}` : stop.genre;
        if (isStage) caption.replaceChildren(...[["b", stop.whole], ["span", place]].map(([tag, text]) =>
            Object.assign(document.createElement(tag), {textContent: text})));
        else write(layer, here, layout.width, [["map-name", stop.name], ["map-genre", stop.genre]]);
        caption.style.setProperty("--genre", here.colour);
        const lit = screen.dots[[...places.values()].indexOf(here)];  // its name stands there in large
        thinOut(names, screen, layer.querySelectorAll("text"), lit);
        // Along a walk they stay where they are, dot after dot.
        const taken = isWalk ? "text" : "text, circle:not(.map-pulse)";
        arrange(genres, screen, [...layer.querySelectorAll(taken)], layout);
        return true;
    };
    for (const name of ["play", "timeupdate", "seeked"]) document.addEventListener(name, ({target}) => {
        if (!light.stopS || !target.closest?.(".st-key-library_walk")) return;
        const stop = Math.min(light.stops.length - 1, Math.floor(target.currentTime / light.stopS));
        if (stop !== light.stop) {
            light.stop = stop;
            light.draw();
        }
    }, true);
}
let tries = 0;  // the map comes a moment later
clearInterval(light.timer);
light.timer = setInterval(() => { if (light.draw() || ++tries > 300) clearInterval(light.timer); }, 100);
}</script>"""


def light_up(library: "Library", songs: "Sequence[Song]", stop_s: float | None = None) -> None:
    """Light up one song, or the songs of a walk in turn, of which each plays for `stop_s`; none: no light."""
    stops = [
        {
            "id": song.id,
            "name": shorten(encodable(song.name), NAME_CHARS),
            "whole": shorten(encodable(song.name), STAGE_CHARS),
            "genre": genre_name(song.genre or "").capitalize(),
            "near": [match.song.id for match in nearest(library, position)],
        }
        for song in songs
        if (position := library.position(song.id)) is not None
    ]
    data = json.dumps({"stops": stops, "stopS": stop_s}).replace("<", "\\u003c")
    st.html(_CAPTION + _SCRIPT.replace("DATA", data), unsafe_allow_javascript=True)
