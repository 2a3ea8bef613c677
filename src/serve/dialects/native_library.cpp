// The native API: a photo library that `blip index` has made.
#include "serve/dialects/native_library.hpp"

#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/native_work.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/routes.hpp"
#include "serve/http/entity_tag.hpp"

namespace blip::serve {
namespace {

using Photos = std::shared_ptr<app::PhotoLibrary>;

constexpr std::string_view kPhotoRoute = "/blip/v1/library/photos/*";

HttpResponse no_library() {
  return native_error(404, "this server shows no photo library; see blip serve --library");
}

// No other site may show or read what people have photographed.
HttpResponse kept_private(HttpResponse response, std::string_view cache) {
  response.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.set("Cache-Control", std::string(cache));
  return response;
}

HttpResponse error_response(const Error& error, bool of_picture) {
  switch (error.code()) {
    case ErrorCode::invalid_argument:
      return native_error(400, error.what());
    case ErrorCode::not_found:
      return native_error(404, error.what());
    case ErrorCode::limit_exceeded:
      return native_error(413, error.what());
    case ErrorCode::network:
      return native_error(503, "the library's database server does not answer");
    default:
      return native_error(of_picture ? 422 : 500, error.what());
  }
}

HttpResponse answer_of(const std::function<NativeJson()>& look_up) {
  try {
    return kept_private(HttpResponse::json(200, json_text_of(look_up())), "no-store");
  } catch (const Error& error) {
    return error_response(error, /*of_picture=*/false);
  }
}

NativeJson text_or_null(const std::string& text) {
  return text.empty() ? NativeJson(nullptr) : NativeJson(text);
}

NativeJson json_of(const app::ListedPhoto& photo) {
  const std::size_t slash = photo.path.rfind('/');
  NativeJson json = {
      {"id", photo.id},
      {"name", slash == std::string::npos ? photo.path : photo.path.substr(slash + 1)},
      {"width", photo.width},
      {"height", photo.height},
      {"date", text_or_null(photo.date)},
      {"version", photo.version},
      {"caption", photo.caption ? NativeJson(*photo.caption) : NativeJson(nullptr)}};
  if (photo.score) json["score"] = json_number(*photo.score);
  if (photo.cosine) json["cosine"] = json_number(*photo.cosine);
  return json;
}

NativeJson json_of(const app::PhotoDetails& details) {
  NativeJson json = json_of(details.photo);
  json["path"] = details.photo.path;
  json["size"] = details.bytes;
  json["camera"] = details.camera ? NativeJson(*details.camera) : NativeJson(nullptr);
  json["latitude"] = details.place ? NativeJson(details.place->first) : NativeJson(nullptr);
  json["longitude"] = details.place ? NativeJson(details.place->second) : NativeJson(nullptr);
  json["by_hand"] = details.has_caption_by_hand;
  json["captions"] = NativeJson::array();
  for (const auto& [text, writer] : details.captions) {
    json["captions"].push_back({{"caption", text}, {"by", writer}});
  }
  json["tags"] = details.tags;
  return json;
}

NativeJson json_of(const std::vector<app::CountedWord>& words, const char* name) {
  NativeJson list = NativeJson::array();
  for (const auto& [word, photos] : words) list.push_back({{name, word}, {"photos", photos}});
  return list;
}

NativeJson json_of(const app::PhotoPage& page, const LibraryRequest& request) {
  NativeJson photos = NativeJson::array();
  for (const app::ListedPhoto& photo : page.photos) photos.push_back(json_of(photo));
  return {{"total", page.total},
          {"offset", request.offset},
          {"version", page.version},
          {"photos", std::move(photos)}};
}

Lookup page_lookup(const Photos& photos, LibraryRequest request) {
  return {[photos, request = std::move(request)] {
    return answer_of([&] {
      return json_of(photos->photos(request.query, request.offset, request.limit), request);
    });
  }};
}

// The texts of the query whose vectors are not known yet.
std::vector<app::SearchedText*> texts_without_vector(app::PhotoLibrary& photos,
                                                     app::PhotoQuery& query) {
  std::vector<app::SearchedText*> lacking;
  for (auto* const text : {&query.text, &query.unwanted}) {
    if (!*text) continue;
    auto known = photos.remembered_vector((*text)->text);
    if (known) {
      (*text)->vector = std::move(*known);
    } else {
      lacking.push_back(&**text);
    }
  }
  return lacking;
}

// "17/thumbnail" → 17 and "thumbnail". The id is 0 if it is none.
std::pair<std::int64_t, std::string_view> photo_of(std::string_view path) {
  const std::string_view rest = below(kPhotoRoute, path);
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id);
  std::string_view part = rest.substr(static_cast<std::size_t>(end - rest.data()));
  if (error != std::errc{} || id < 1 || (!part.empty() && part.front() != '/')) return {0, ""};
  if (!part.empty()) part.remove_prefix(1);
  const bool is_whole = rest.find('/') == std::string_view::npos || !part.empty();
  return {is_whole ? id : 0, part};
}

// `make` is called unless the client has the file already.
Lookup file_lookup(const HttpRequest& http, const Photos& photos, std::int64_t id, char kind,
                   app::PhotoFile (app::PhotoLibrary::*make)(std::int64_t)) {
  const std::string known(http.headers.find("If-None-Match").value_or(""));
  const std::string asked(http.query_value("v").value_or(""));
  return {[photos, id, kind, make, known, asked] {
    const auto tag_of = [kind](const app::PhotoVersion& version) {
      return '"' + version.content + '-' + version.file + kind + '"';
    };
    try {
      HttpResponse response;
      app::PhotoVersion version;
      if (!known.empty()) version = photos->version(id);
      if (!known.empty() && names_entity_tag(known, tag_of(version))) {
        response.status = 304;
      } else {
        const app::PhotoFile file = (photos.get()->*make)(id);
        version = file.version;
        response.headers.add("Content-Type", "image/jpeg");
        response.body.assign(reinterpret_cast<const char*>(file.bytes->data()), file.bytes->size());
      }
      response.headers.add("ETag", tag_of(version));
      // Who asks with the version of the photo in the query asks elsewhere when it is another one.
      const bool names_version = asked == version.content;
      return kept_private(std::move(response),
                          names_version ? "private, max-age=3600" : "private, no-cache");
    } catch (const Error& error) {
      return error_response(error, /*of_picture=*/true);
    }
  }};
}

}  // namespace

Plan native_library(const HttpRequest&, const ServerView& server) {
  if (!server.library) return no_library();
  return Lookup{[library = *server.library] {
    return answer_of([&]() -> NativeJson {
      const app::LibrarySummary summary = library.photos->summary();
      return {{"photos", summary.photos},
              {"model", text_or_null(library.model)},
              {"oldest", text_or_null(summary.oldest)},
              {"newest", text_or_null(summary.newest)},
              {"has_captions", summary.has_captions},
              {"tags", json_of(summary.tags, "tag")},
              {"cameras", json_of(summary.cameras, "camera")}};
    });
  }};
}

Plan native_library_photos(const HttpRequest& http, const ServerView& server) {
  if (!server.library) return no_library();
  LibraryRequest request = library_request_of(http);
  const Photos photos = server.library->photos;
  if (!photos->has_vectors()) return page_lookup(photos, std::move(request));
  std::vector<std::string> texts;
  for (const auto* text : texts_without_vector(*photos, request.query)) texts.push_back(text->text);
  if (texts.empty()) return page_lookup(photos, std::move(request));
  Work work;
  work.tasks.push_back({.model = server.library->model,
                        .input = EmbedTextsTask{.texts = texts},
                        .client = http.client});
  work.looks_up = true;
  work.respond = [photos, texts, request](TaskOutcomes outcomes) mutable {
    if (const auto* failure = first_failure(outcomes)) return native_failure(*failure);
    const auto& vectors = result_of<EmbeddingResult>(outcomes.front()).embeddings;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto vector = row_of(vectors, i);
      photos->remember_vector(texts[i], {vector.begin(), vector.end()});
      for (auto* const text : {&request.query.text, &request.query.unwanted}) {
        if (*text && (*text)->text == texts[i]) (*text)->vector = {vector.begin(), vector.end()};
      }
    }
    return page_lookup(photos, request).respond();
  };
  return work;
}

Plan native_library_photo(const HttpRequest& http, const ServerView& server) {
  if (!server.library) return no_library();
  const Photos photos = server.library->photos;
  const auto [id, part] = photo_of(http.path);
  if (id > 0 && part.empty()) {
    return Lookup{
        [photos, id = id] { return answer_of([&] { return json_of(photos->photo(id)); }); }};
  }
  if (id > 0 && part == "thumbnail") {
    return file_lookup(http, photos, id, 't', &app::PhotoLibrary::thumbnail);
  }
  if (id > 0 && part == "picture") {
    return file_lookup(http, photos, id, 'p', &app::PhotoLibrary::picture);
  }
  return native_error(404, "there is nothing at this path");
}

Plan native_library_caption(const HttpRequest& http, const ServerView& server) {
  if (!server.library) return no_library();
  const Photos photos = server.library->photos;
  const auto [id, part] = photo_of(http.path);
  if (id < 1 || part != "caption") return native_error(404, "there is nothing at this path");
  if (http.content_type() != "application/json") {
    return native_error(415, "request: send JSON, {\"caption\": \"…\"}");
  }
  const nlohmann::json body = request_object(http);
  const auto caption = JsonFields(body, kRequestName).string("caption");
  if (!caption) throw Error(ErrorCode::invalid_argument, "request: caption is needed");
  return Lookup{.respond =
                    [photos, id = id, caption = *caption] {
                      return answer_of([&] {
                        photos->write_caption(id, caption);
                        return json_of(photos->photo(id));
                      });
                    },
                .writes = true};
}

}  // namespace blip::serve
