// A comparison as one page of HTML.
#include <fmt/format.h>

#include <string_view>

#include "app/compare/comparison_report.hpp"
#include "app/records/record.hpp"
#include "core/base64.hpp"
#include "image/jpeg_writer.hpp"

namespace blip::app {
namespace {

// Pixels of the longer side of a picture on the page: what fits beside another on a desktop.
constexpr int kPictureSide = 640;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}: models compared</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ margin: 0 auto; max-width: 70rem; padding: 1rem; overflow-wrap: anywhere }}
h1 {{ font-size: 1.5rem; margin: .5rem 0 1rem }}
h2 {{ font-size: 1.1rem; margin: 0 0 .25rem }}
h3 {{ font-size: .85rem; font-weight: 600; margin: .75rem 0 .2rem; opacity: .75 }}
.pictures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 1rem }}
figure {{ margin: 0 }}
img {{ display: block; width: 100%; max-height: 26rem; object-fit: contain; border-radius: 8px; background: #8881 }}
figcaption {{ margin-top: .3rem; opacity: .8 }}
.models {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem; margin: 1.5rem 0 }}
article {{ border: 1px solid #8885; border-radius: 8px; padding: .9rem 1rem }}
article > p {{ margin: 0; opacity: .75; font-size: .9rem }}
ol {{ list-style: none; margin: 0; padding: 0 }}
li {{ display: flex; justify-content: space-between; gap: 1rem }}
li span + span {{ opacity: .75; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
.scroll {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; overflow-wrap: normal; font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: .3rem .6rem; border-bottom: 1px solid #8885; white-space: nowrap }}
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) {{ text-align: left }}
</style>
</head>
<body>
<main>
<h1>{0}</h1>
)";

std::string figure_of(const Image& image, std::string_view alternative, std::string_view caption) {
  constexpr int kQuality = 85;
  return fmt::format(
      "<figure><img src=\"data:image/jpeg;base64,{}\" alt=\"{}\"><figcaption>{}</figcaption>"
      "</figure>\n",
      base64(image::small_jpeg_bytes(image, kPictureSide, kQuality)), html_text(alternative),
      html_text(caption));
}

std::string_view heading_of(std::string_view task) {
  if (task == "caption") return "Caption";
  if (task == "answer") return "Answer";
  if (task == "match") return "How well texts fit";
  if (task == "tags") return "Tags that fit";
  if (task == "classes") return "Classes";
  return "Picture of the caption";
}

std::string article_of(const ComparedModel& model) {
  std::string html = fmt::format("<article>\n<h2>{}</h2>\n<p>{}</p>\n", model.system,
                                 html_text(model.name + ", " + model.architecture));
  if (!model.error.empty()) {
    return html +
           fmt::format("<h3>Failed</h3>\n<div>{}</div>\n</article>\n", html_text(model.error));
  }
  for (const TaskFindings& task : model.tasks) {
    html += fmt::format("<h3>{}</h3>\n", heading_of(task.task));
    if (!task.asked.empty()) html += fmt::format("<div>{}</div>\n", html_text(task.asked));
    if (task.results.empty()) html += "<div>none</div>\n";
    html += "<ol>\n";
    for (const ScoredText& result : task.results) {
      html += fmt::format("<li><span>{}</span><span>{}</span></li>\n", html_text(result.text),
                          html_text(scores_as_text(result)));
    }
    html += "</ol>\n";
  }
  return html + "</article>\n";
}

std::string row_of(const ComparedModel& model) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.2f} s</td><td>{:.2f} s</td></tr>\n",
      model.system, html_text(model.name), short_count(model.cost.parameters),
      short_size(model.cost.memory_bytes), model.cost.load_seconds, model.cost.run_seconds);
}

}  // namespace

std::string comparison_as_page(const Comparison& comparison) {
  const std::string_view path = comparison.photo;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::string page = fmt::format(kHead, html_text(name)) + "<div class=\"pictures\">\n" +
                     figure_of(comparison.image, name, "The photo");
  for (const ComparedModel& model : comparison.models) {
    if (!model.picture) continue;
    const std::string& caption = model.tasks.front().asked;
    page += figure_of(*model.picture, caption,
                      std::string(model.system) + "'s picture of “" + caption + "”");
  }
  page += "</div>\n<div class=\"models\">\n";
  for (const ComparedModel& model : comparison.models) page += article_of(model);
  page +=
      "</div>\n<h2>What it costs</h2>\n<div class=\"scroll\">\n<table>\n"
      "<tr><th scope=\"col\">System</th><th scope=\"col\">Model</th><th scope=\"col\">Parameters"
      "</th><th scope=\"col\">Memory</th><th scope=\"col\">Loading</th><th scope=\"col\">Running"
      "</th></tr>\n";
  for (const ComparedModel& model : comparison.models) {
    if (model.error.empty()) page += row_of(model);
  }
  return page + "</table>\n</div>\n</main>\n</body>\n</html>\n";
}

}  // namespace blip::app
