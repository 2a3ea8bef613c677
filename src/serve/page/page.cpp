#include "serve/page/page.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "serve/http/entity_tag.hpp"
#include "serve/page/files.hpp"

namespace blip::serve {
namespace {

// Scripts and styles are files of this server, never parts of the markup. `blob:` are the pictures
// that people chose, before and beside their way to the server.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// The file at a path of the server, by whole names: a path is looked up, never joined to a
// directory, so there is nothing to climb out of.
std::string name_of_file(std::string_view path) {
  constexpr std::string_view kPage = "/page/";
  constexpr std::string_view kExamples = "/examples/";
  if (path == "/") return "web/index.html";
  if (path == "/blip/v1/examples") return "examples/examples.json";
  if (path.starts_with(kPage)) return "web/" + std::string(path.substr(kPage.size()));
  if (path.starts_with(kExamples)) return "examples/" + std::string(path.substr(kExamples.size()));
  return {};
}

std::string_view type_of_file(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  if (name.ends_with(".jpg")) return "image/jpeg";
  return "application/json";
}

HttpHeaders headers_of_all() {
  return {{"X-Content-Type-Options", "nosniff"},
          {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Permissions-Policy", "camera=(self), microphone=(), geolocation=()"}};
}

HttpResponse file_response(const PageFile& file, const HttpRequest& request) {
  HttpResponse response{.status = 200, .headers = headers_of_all(), .body = {}};
  const std::string tag = '"' + std::string(file.digest) + '"';
  response.headers.add("ETag", tag);
  // Photos stay what they are. Everything else is asked for again, and mostly answered by 304, so
  // that a newer program never meets an older page.
  response.headers.add("Cache-Control",
                       file.path.ends_with(".jpg") ? "public, max-age=86400" : "no-cache");
  if (names_entity_tag(request.headers.find("If-None-Match").value_or(""), tag)) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", std::string(type_of_file(file.path)));
  if (request.method == "HEAD") {
    response.headers.add("Content-Length", std::to_string(file.content.size()));
  } else {
    response.body = file.content;
  }
  return response;
}

std::optional<HttpResponse> response_of(const HttpRequest& request, const std::string& name) {
  if (name.empty() || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
  const auto files = page_files();
  const auto file = std::find_if(files.begin(), files.end(),
                                 [&](const PageFile& each) { return each.path == name; });
  if (file != files.end()) return file_response(*file, request);

  HttpResponse missing = HttpResponse::text(404, "There is no such file.\n");
  for (const auto& [field, value] : headers_of_all()) missing.headers.add(field, value);
  if (request.method == "HEAD") {
    missing.headers.add("Content-Length", std::to_string(missing.body.size()));
    missing.body.clear();
  }
  return missing;
}

}  // namespace

std::optional<HttpResponse> page_response(const HttpRequest& request) {
  return response_of(request, name_of_file(request.path));
}

std::optional<HttpResponse> page_response_with_library(const HttpRequest& request) {
  if (request.path == "/library") return response_of(request, "web/library.html");
  return page_response(request);
}

}  // namespace blip::serve
