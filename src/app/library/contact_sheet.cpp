#include "app/library/contact_sheet.hpp"

#include <fmt/format.h>

#include <string_view>

#include "app/records/record.hpp"
#include "core/base64.hpp"

namespace blip::app {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif }}
body {{ margin: 1rem }}
ul {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; padding: 0; list-style: none }}
li {{ border: 1px solid #8886; border-radius: 6px; padding: .5rem; overflow-wrap: anywhere }}
img {{ display: block; width: 100%; height: 11rem; object-fit: contain; background: #8882 }}
p {{ margin: .3rem 0 0 }}
.note {{ opacity: .75 }}
</style>
</head>
<body>
<h1>{0}</h1>
)";

// file:///… with every byte as %XX that is not a letter, a digit or one of "/-_.~".
std::string file_url(std::string_view path) {
  std::string url = "file://";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("/-_.~").find(c) != std::string_view::npos;
    if (is_plain) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

std::string item_of(const SheetPhoto& photo) {
  const std::string_view path = photo.path;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string picture =
      photo.jpeg
          ? fmt::format("<img src=\"data:image/jpeg;base64,{}\" alt=\"{}\">", base64(*photo.jpeg),
                        html_text(photo.caption.empty() ? name : photo.caption))
          : std::string("<p>This file cannot be read.</p>");
  std::string item = fmt::format("<li>{}<p><a href=\"{}\" title=\"{}\">{}</a></p>", picture,
                                 file_url(path), html_text(path), html_text(name));
  if (!photo.note.empty()) item += fmt::format("<p class=\"note\">{}</p>", html_text(photo.note));
  if (!photo.caption.empty()) item += fmt::format("<p>{}</p>", html_text(photo.caption));
  return item + "</li>\n";
}

}  // namespace

std::string contact_sheet(const std::string& title, const std::vector<SheetGroup>& groups) {
  std::string page = fmt::format(kHead, html_text(title));
  if (groups.empty()) page += "<p>Nothing was found.</p>\n";
  for (const SheetGroup& group : groups) {
    if (!group.heading.empty()) page += fmt::format("<h2>{}</h2>\n", html_text(group.heading));
    page += "<ul>\n";
    for (const SheetPhoto& photo : group.photos) page += item_of(photo);
    page += "</ul>\n";
  }
  return page + "</body>\n</html>\n";
}

}  // namespace blip::app
