#!/usr/bin/env python3
"""Checks a page of xdomain report: well-formed, by itself, and readable without eyes.

usage: page.py PAGE              says each fault, and exits with 1
       page.py PAGE sections     the ids of its sections
       page.py PAGE text ID      the text of an element
       page.py PAGE table KIND   the cells of each table of a class: a line a row, tabs between"""

import html.parser
import re
import sys

VOID = {"meta", "link", "img", "br"}
NO_SLASH = {"path", "circle", "rect"}  # of SVG, which end themselves


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.ids, self.wanted = [], [], {}, []
        self.sections, self.tables, self.texts, self.headings, self.titles = [], [], {}, [], 0
        self.feed(text)
        self.close()
        for tag, _, line in self.open:
            self.fault("<%s> of line %d is not closed" % (tag, line))
        for name in self.wanted:
            if name not in self.ids:
                self.fault("nothing has the id '%s'" % name)

    def fault(self, text):
        self.faults.append("line %d: %s" % (self.getpos()[0], text))

    def check_image(self, given):
        if not given.get("alt"):
            self.fault("a picture without words")
        if not (given.get("src") or "").startswith("data:image/png;base64,") or not given.get("width"):
            self.fault("a picture that is no PNG within the page, or has no size")

    def check_drawing(self, given):
        self.titles = 0
        if given.get("role") != "img" or not given.get("aria-labelledby"):
            self.fault("a drawing that does not say what it is")

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if len(given) != len(attributes):
            self.fault("an attribute of <%s> is given twice" % tag)
        for name, value in attributes:
            if name.startswith("on") or name in ("action", "srcset", "xlink:href"):
                self.fault("<%s %s>" % (tag, name))
            if name in ("href", "src") and not re.match(r"(#|data:)", value or ""):
                self.fault("<%s> leads to '%s'" % (tag, value))
        if tag in ("script", "iframe", "object", "embed", "base", "form", "image", "foreignobject", "animate"):
            self.fault("<%s> has no place here" % tag)
        if given.get("href", "").startswith("#"):
            self.wanted.append(given["href"][1:])
        self.wanted += (given.get("aria-labelledby") or "").split()
        if "id" in given:
            if given["id"] in self.ids:
                self.fault("two elements have the id '%s'" % given["id"])
            self.ids[given["id"]] = tag
            self.texts[given["id"]] = ""
        if tag == "img":
            self.check_image(given)
        if tag == "svg":
            self.check_drawing(given)
        if tag == "title" and any(t == "svg" for t, _, _ in self.open):
            self.titles += 1
        if tag == "th" and given.get("scope") not in ("row", "col"):
            self.fault("a head of a table that does not say of what")
        if tag == "section":
            self.sections.append(given.get("id", ""))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
            if len(self.headings) > 1 and self.headings[-1] > self.headings[-2] + 1:
                self.fault("<%s> after <h%d>" % (tag, self.headings[-2]))
        if tag == "table":
            self.tables.append((given.get("class"), []))
        if tag == "tr":
            self.tables[-1][1].append([])
        if tag in ("th", "td"):
            self.tables[-1][1][-1].append("")
        if tag not in VOID:
            self.open.append((tag, given.get("id"), self.getpos()[0]))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag in NO_SLASH:
            self.open.pop()
        else:
            self.fault("<%s/>" % tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.fault("</%s> closes %s" % (tag, self.open[-1][0] if self.open else "nothing"))
            return
        self.open.pop()
        if tag == "svg" and self.titles != 1:
            self.fault("a drawing with %d titles" % self.titles)

    def handle_data(self, data):
        for tag, name, _ in self.open:
            if name:
                self.texts[name] += data
            if tag in ("th", "td"):
                self.tables[-1][1][-1][-1] += data


def main():
    with open(sys.argv[1], encoding="utf-8") as file:  # fails for what is no UTF-8
        text = file.read()
    page = Page(text)
    if sys.argv[2:] == ["sections"]:
        print(" ".join(page.sections))
    elif sys.argv[2:3] == ["text"]:
        print(page.texts[sys.argv[3]], end="")
    elif sys.argv[2:3] == ["table"]:
        for kind, rows in page.tables:
            if kind == sys.argv[3]:
                print("\n".join("\t".join(row) for row in rows))
    else:
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text):
            page.faults.append("control characters")
        if not text.startswith("<!DOCTYPE html>\n<html lang=") or page.headings.count(1) != 1:
            page.faults.append("no page of one title")
        if re.search(r"@import|url\(|http-equiv=\"refresh|https?:|//[a-z]", re.sub(r"data:image/png;base64,[^\"]*", "", text)):
            page.faults.append("it refers to somewhere else")
        print("\n".join(page.faults[:20]))
        sys.exit(bool(page.faults))


main()
