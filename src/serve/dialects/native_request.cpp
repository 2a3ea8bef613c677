#include "serve/dialects/native_request.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "core/unicode.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/http/multipart.hpp"

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

// What forms and queries have as text is one of these in JSON. Fields that are in none are not
// read.
constexpr std::array kTextFields = {"model"sv, "prompt"sv, "question"sv, "text"sv};
constexpr std::array kListFields = {"questions"sv, "answers"sv, "texts"sv,    "labels"sv,
                                    "templates"sv, "tags"sv,    "ban_words"sv};
constexpr std::array kValueFields = {"stream"sv,
                                     "num_beams"sv,
                                     "max_length"sv,
                                     "max_new_tokens"sv,
                                     "min_length"sv,
                                     "length_penalty"sv,
                                     "repetition_penalty"sv,
                                     "no_repeat_ngram_size"sv,
                                     "do_sample"sv,
                                     "temperature"sv,
                                     "num_return_sequences"sv,
                                     "top_k"sv,
                                     "top_p"sv,
                                     "seed"sv,
                                     "max_chars"sv,
                                     "strip_prompt"sv,
                                     "top"sv,
                                     "margin"sv,
                                     "layer"sv,
                                     "head"sv};

bool is_field_of(std::string_view name, std::span<const std::string_view> fields) {
  return std::find(fields.begin(), fields.end(), name) != fields.end();
}

/// A field of a form or a query.
void add_text_field(NativeRequest& request, std::string_view field, std::string_view value) {
  const std::string name(field);
  if (!is_valid_utf8(value)) {
    throw Error(ErrorCode::invalid_argument, "request: " + in_quotes(name) + " is not UTF-8");
  }
  if (name == "image" || name == "images") {
    request.pictures.push_back(picture_of_json(std::string(value), name));
  } else if (is_field_of(name, kTextFields)) {
    request.fields[name] = std::string(value);
  } else if (is_field_of(name, kValueFields)) {
    request.fields[name] = parse_json(value, "request: " + name, {.depth = 1, .values = 16});
  } else if (is_field_of(name, kListFields)) {
    auto& list = request.fields[name];
    if (list.is_null()) list = nlohmann::json::array();
    if (value.starts_with('[')) {
      auto values = parse_json(value, "request: " + name,
                               {.depth = kMaxRequestDepth, .values = kMaxRequestValues});
      for (auto& item : values) list.push_back(std::move(item));
    } else {
      list.push_back(std::string(value));
    }
  }
}

/// A file is a picture, whatever its type says; a text is as in a query.
void add_part_of_form(NativeRequest& read, const HttpRequest& request, const FormPart& part) {
  const bool is_picture = part.name == "image" || part.name == "images";
  if (!is_picture || !part.file_name) {
    add_text_field(read, part.name, part.content);
    return;
  }
  if (part.content.empty()) {
    throw Error(ErrorCode::invalid_argument, std::string(part.name) + ": the file is empty");
  }
  read.pictures.push_back(PictureBytes{.owner = request.body, .bytes = part.content});
}

bool is_picture_type(std::string_view type) {
  return type.starts_with("image/") || type == "application/octet-stream";
}

bool looks_like_json(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

bool is_json_type(std::string_view type) {
  // curl -d posts everything as a form.
  return type == "application/json" || type.ends_with("+json") || type == "text/json" ||
         type == "text/plain" || type == "application/x-www-form-urlencoded";
}

}  // namespace

bool is_native_content(const HttpRequest& request) {
  const std::string type = request.content_type();
  return type.empty() || is_json_type(type) || is_picture_type(type) ||
         type == "multipart/form-data";
}

NativeRequest read_native_request(const HttpRequest& request) {
  NativeRequest read;
  const std::string type = request.content_type();
  if (is_json_type(type) || (type.empty() && looks_like_json(*request.body))) {
    read.fields = request_object(request);
    const JsonFields fields(read.fields, kRequestName);
    for (const char* name : {"image", "images"}) {
      auto pictures = pictures_of_json(fields.find(name), name);
      std::move(pictures.begin(), pictures.end(), std::back_inserter(read.pictures));
      read.fields.erase(name);  // megabytes
    }
  } else if (type == "multipart/form-data") {
    for (const auto& part :
         parse_form(request.headers.find("Content-Type").value_or(""), *request.body)) {
      add_part_of_form(read, request, part);
    }
  } else {
    for (const auto& [name, value] : request.query) add_text_field(read, name, value);
    if (!request.body->empty()) read.pictures.push_back(picture_of_body(request));
  }
  check_number_of_pictures(read.pictures.size());
  return read;
}

GenerationOptions native_generation(const JsonFields& fields) {
  // The limits keep a request from taking the whole server; those of the model are the engine's.
  constexpr int kMaxTokens = 512;
  constexpr int kMaxTopK = 1'000'000;
  const auto number = [&](const char* key, JsonFields::FloatRange range) -> std::optional<float> {
    const auto value = fields.number(key, range);
    return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
  };
  GenerationOptions options;
  options.output_scores = true;  // every answer has them
  options.num_beams = whole_number(fields, "num_beams", {1, kMaxChoices});
  options.max_length = whole_number(fields, "max_length", {1, kMaxTokens});
  options.max_new_tokens = whole_number(fields, "max_new_tokens", {1, kMaxTokens});
  options.min_length = whole_number(fields, "min_length", {0, kMaxTokens});
  options.length_penalty = number("length_penalty", {-10, 10});
  options.repetition_penalty = number("repetition_penalty", {0.01, 100});
  options.no_repeat_ngram_size = whole_number(fields, "no_repeat_ngram_size", {0, kMaxTokens});
  options.num_return_sequences = whole_number(fields, "num_return_sequences", {1, kMaxChoices});
  options.do_sample = fields.boolean("do_sample");
  options.temperature = number("temperature", {0.001, 100});
  options.top_k = whole_number(fields, "top_k", {0, kMaxTopK});
  options.top_p = number("top_p", {0.0001, 1});
  if (const auto seed = seed_of(fields, "seed")) options.seed = static_cast<std::uint64_t>(*seed);
  return options;
}

}  // namespace blip::serve
