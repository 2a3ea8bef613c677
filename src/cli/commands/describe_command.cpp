// blip describe: captions, alternative texts and tags into the metadata of pictures.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/images/open_image.hpp"
#include "app/sidecars/sidecar_names.hpp"
#include "cli/commands.hpp"
#include "cli/image_run.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/describe_options.hpp"
#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

using app::WrittenText;
using metadata::PictureText;

app::RecordSchema schema_of() {
  app::RecordSchema schema;
  schema.results = {"description", "alt", "tags", "written"};
  return schema;
}

app::Value text_value(const std::string& text) {
  if (text.empty()) return std::monostate{};
  return text;
}

app::Finding finding_of(const PictureText& text, const std::string& written) {
  std::vector<std::string> parts;
  if (!text.description.empty()) parts.push_back(text.description);
  if (text.description.empty() && !text.alt.empty()) parts.push_back(text.alt);
  if (!text.subjects.empty()) parts.push_back(fmt::format("[{}]", fmt::join(text.subjects, ", ")));
  app::Finding finding;
  finding.results.push_back(
      {.values = {text_value(text.description), text_value(text.alt), text.subjects,
                  written.empty() ? app::Value(std::monostate{}) : app::path_text(written)},
       .line = fmt::format("{}", fmt::join(parts, " "))});
  return finding;
}

std::optional<app::Tagger> tagger_of(const DescribeOptions& options, Context& context) {
  if (!options.tags) return std::nullopt;
  app::TaggerOptions tagger{.tags = options.labels.set,
                            .kept_labels = options.labels.kept_labels()};
  if (!options.labels.given()) tagger.tags.labels = app::everyday_tags();
  return std::make_optional<app::Tagger>(
      find_model(options.tag_model, options.inputs.pictures, options.output.quiet),
      std::move(tagger), context);
}

// Writes what was found out about the pictures of a batch, each file by itself.
class Writing {
 public:
  explicit Writing(const DescribeOptions& options) : options_(options), files_(options.files) {
    if (!options.whole_names) stems_.emplace(".xmp", std::filesystem::path());
  }

  OwnSidecars sidecars() {
    return {.place = [this](const auto& image, const auto& folder) { return place(image, folder); },
            .is_done = [this](const Input& input) { return is_done(input); }};
  }

  // Throws for a picture whose metadata cannot be read, before the model looks at it.
  void check(const Input& input) const { (void)files_.read(input.path, input.sidecar); }

  void report(ImageRun& run, const app::ImageBatch& batch,
              const std::vector<app::Description>& descriptions) {
    std::vector<std::vector<app::Finding>> findings;
    std::vector<std::string> errors;
    for (std::size_t i = 0; i < descriptions.size(); ++i) {
      const app::PreparedImage& image = *batch.images()[i];
      std::string& error = errors.emplace_back(descriptions[i].error);
      WrittenText written;
      try {
        if (error.empty()) written = write(image, descriptions[i].text);
      } catch (const Error& failure) {
        error = failure.what();
      }
      findings.push_back({finding_of(written.text, name_of(written, image))});
    }
    run.report(batch, std::move(findings), errors);
  }

  void tell() const {
    if (done_ > 0 && !options_.output.quiet) {
      print_message(fmt::format("{} {} described already; --existing says what else to do", done_,
                                done_ == 1 ? "image is" : "images are"));
    }
    if (beside_ > 0) {
      print_message(
          fmt::format("{} {}: the words are in a sidecar{}", first_beside_, obstacle_,
                      beside_ > 1 ? fmt::format("; so it is with {} images in all", beside_) : ""));
    }
  }

 private:
  std::filesystem::path place(const std::filesystem::path& image,
                              const std::filesystem::path& folder) {
    if (app::is_url(image.string()) || image == "-") {
      throw Error(ErrorCode::invalid_argument, "is no file that something could be written beside");
    }
    if (stems_) return stems_->place(image, folder);
    std::filesystem::path sidecar = image;
    return sidecar += ".xmp";
  }

  bool is_done(const Input& input) {
    try {
      if (!files_.is_done(input.path, input.sidecar, options_.fields())) return false;
      ++done_;
      return true;
    } catch (const Error&) {
      return false;  // check() says why
    }
  }

  WrittenText write(const app::PreparedImage& image, const PictureText& text) {
    WrittenText written = files_.write(image.name, image.sidecar, text);
    if (!written.obstacle.empty() && beside_++ == 0) {
      first_beside_ = image.name;
      obstacle_ = written.obstacle;
    }
    return written;
  }

  [[nodiscard]] std::string name_of(const WrittenText& written,
                                    const app::PreparedImage& image) const {
    if (options_.files.dry_run || written.place == WrittenText::Place::nowhere) return {};
    return written.place == WrittenText::Place::picture ? image.name : image.sidecar.string();
  }

  const DescribeOptions& options_;
  app::TextFiles files_;
  std::optional<app::SidecarNames> stems_;
  std::size_t done_ = 0;
  std::size_t beside_ = 0;
  std::string first_beside_;
  std::string obstacle_;
};

}  // namespace

ExitCode run_describe(Arguments arguments) {
  const auto options = parse_describe_options(arguments);
  if (!options) return ExitCode::ok;

  ImageRun run(options->inputs, options->output, options->model.batch, schema_of());
  const app::Captioner captioner(
      find_model(options->model, options->inputs.pictures, options->output.quiet),
      {.prompt = "",
       .generation = options->generation.options,
       .banned_words = options->generation.banned_words});
  Context context({.num_threads = options->model.threads});
  const auto tagger = tagger_of(*options, context);
  const app::Describer describer(captioner, tagger ? &*tagger : nullptr, options->what);
  Writing writing(*options);
  run.start(
      captioner.pictures(), context.num_threads(),
      [&](const Input& input) { writing.check(input); }, writing.sidecars());
  while (const auto batch = run.next_batch()) {
    writing.report(run, *batch, options->generation.with_option_names([&] {
      return describer.describe(batch->images(), context);
    }));
  }
  const ExitCode code = run.finish();
  writing.tell();
  return code;
}

}  // namespace blip::cli
