// blip alt: alternative texts for the pictures of a site.
#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/captioner.hpp"
#include "app/captions/alt_text.hpp"
#include "app/images/image_stream.hpp"
#include "app/records/file_replacement.hpp"
#include "app/records/output_file.hpp"
#include "app/records/partial_file.hpp"
#include "app/sites/alt_review.hpp"
#include "checkpoint/model_directory.hpp"
#include "cli/commands.hpp"
#include "cli/input/model_download.hpp"
#include "cli/options/command_line.hpp"
#include "cli/options/generation_choices.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/console.hpp"
#include "cli/output/progress.hpp"
#include "core/open_file.hpp"
#include "image/file_bytes.hpp"

namespace blip::cli {
namespace {

namespace fs = std::filesystem;
using app::ReviewEntry;

constexpr std::string_view kAltFooter =
    "Examples:\n"
    "  blip alt site -o review.jsonl           # then read and edit review.jsonl\n"
    "  blip alt site --write review.jsonl\n"
    "\n"
    "Exit code: 0 all done; 1 some pictures or pages failed; 2 nothing could run.\n";

// Pictures with a side as short are lines and spacers.
constexpr int kThinPixels = 3;

struct AltOptions {
  std::string site;
  std::string output;
  std::string review;
  int characters = static_cast<int>(app::kAltCharacters);
  ModelOptions model{kCaptioningModel};
  GenerationChoices generation{{.thing = "caption", .per = "image", .start = "prompt"}};
  bool quiet = false;
};

std::unique_ptr<AltOptions> parse_alt_options(Arguments arguments) {
  auto options = std::make_unique<AltOptions>();
  OptionParser app;
  app.add_option("SITE", options->site, "A folder of HTML and Markdown pages, or one page")
      ->type_name("SITE")
      ->required();
  app.add_option("-o,--output", options->output,
                 "The review file: a JSON object per picture [standard output]")
      ->type_name("FILE")
      ->group("Review");
  app.add_option("--write", options->review,
                 "Write the suggestions of the review FILE into the pages")
      ->type_name("FILE")
      ->group("Review");
  app.add_option("--alt-chars", options->characters, "Suggest at most N characters [125]")
      ->type_name("N")
      ->check(whole_number(10, 1000))
      ->group("Review");
  app.add_flag("-q,--quiet", options->quiet, "No summary")->group("Review");
  options->model.declare(app, /*batched=*/true);
  options->generation.declare(app);
  const CommandHelp help = {
      .name = "alt",
      .synopsis = "[options] SITE",
      .summary =
          "Suggests alternative texts for the pictures of a site that have none, and writes "
          "them into the pages once somebody has read them.",
      .footer = kAltFooter};
  if (!parse_arguments(app, help, arguments)) return nullptr;
  options->model.resolve();
  options->generation.resolve(app);
  if (!options->review.empty() && !options->output.empty()) {
    throw UsageError("--write reads a review file, --output writes one");
  }
  return options;
}

// What was found in the pages.
struct Found {
  std::vector<ReviewEntry> entries;  // images without text
  std::vector<fs::path> pictures;    // of each entry; empty: none that can be read
  std::size_t pages = 0;
  std::size_t with_text = 0;
  std::size_t decorative = 0;
  std::size_t failed = 0;
};

void add_page(const app::Site& site, const fs::path& page, Found& found) {
  const auto language = app::language_of(page);
  if (!language) throw UsageError(page.string() + ": is no page of HTML or Markdown");
  const std::string bytes = app::read_page(page);
  const app::PageImages images = app::page_images(bytes, *language);
  for (const app::PageImage& image : images.images) {
    if (image.need == app::PageImage::Need::has_text) ++found.with_text;
    if (image.need == app::PageImage::Need::decorative) ++found.decorative;
    if (image.need != app::PageImage::Need::missing) continue;
    app::PictureInSite picture = site.picture(page, image.src, images.base);
    found.entries.push_back({.page = page.string(),
                             .line = image.line,
                             .src = image.src,
                             .alt = image.alt,
                             .suggestion = std::nullopt,
                             .note = picture.cause});
    found.pictures.push_back(std::move(picture.path));
  }
}

Found images_of(const app::Site& site) {
  Found found;
  const app::PagesOfSite pages = site.pages();
  for (const std::string& error : pages.errors) print_message(printable(error));
  found.failed += pages.errors.size();
  for (const fs::path& page : pages.pages) {
    try {
      add_page(site, page, found);
      ++found.pages;
    } catch (const Error& error) {
      print_message(error.what());
      ++found.failed;
    }
  }
  return found;
}

// What a picture shows, or why that cannot be said.
struct Suggestion {
  std::optional<std::string> text;
  std::string note;
};

using Suggestions = std::map<fs::path, Suggestion>;

// Each picture once, however many pages show it.
Suggestions suggestions_for(const std::set<fs::path>& pictures, const AltOptions& options) {
  Suggestions suggestions;
  if (pictures.empty()) return suggestions;
  const app::Captioner captioner(find_model(options.model, {}, options.quiet),
                                 {.prompt = "",
                                  .generation = options.generation.options,
                                  .banned_words = options.generation.banned_words});
  Context context({.num_threads = options.model.threads});
  std::vector<fs::path> list(pictures.begin(), pictures.end());
  std::vector<char> is_thin(list.size(),
                            0);  // each is written by the thread that reads the picture
  std::size_t next = 0;
  const auto batch_size = static_cast<std::size_t>(options.model.batch);
  app::ImageStream stream(
      [&](const std::stop_token&) -> std::optional<app::ImageInput> {
        if (next == list.size()) return std::nullopt;
        app::ImageInput input{.path = list[next], .index = next};
        ++next;
        return input;
      },
      [&](const app::ImageInput& input) {
        const auto bytes = image::read_file(input.path);
        const Image image = captioner.pictures().decode(bytes, input.path.string());
        is_thin[input.index] = std::min(image.width(), image.height()) <= kThinPixels ? 1 : 0;
        return captioner.pictures()(image);
      },
      context.num_threads(), 2 * batch_size);
  Progress progress(!options.quiet && terminal_shows_progress(), list.size(), "pictures");
  std::size_t failed = 0;
  while (const auto batch = stream.next_batch(batch_size)) {
    const auto captions = options.generation.with_option_names(
        [&] { return captioner.caption(batch->images(), context); });
    for (const app::PreparedImage& image : batch->all()) {
      Suggestion& suggestion = suggestions[list[image.index]];
      suggestion.note = image.error;
      failed += image.error.empty() ? 0 : 1;
    }
    for (std::size_t i = 0; i < captions.size(); ++i) {
      const std::size_t index = batch->images()[i]->index;
      Suggestion& suggestion = suggestions[list[index]];
      if (is_thin[index] != 0) {
        suggestion = {.text = "", .note = "a line or a spacer"};
      } else {
        suggestion.text =
            app::alt_text(captions[i].front().text, static_cast<std::uint64_t>(options.characters));
      }
    }
    progress.draw(suggestions.size(), failed);
  }
  progress.finish(suggestions.size(), failed);
  return suggestions;
}

ExitCode suggest(const AltOptions& options) {
  const app::Site site(options.site);
  Found found = images_of(site);
  std::set<fs::path> pictures(found.pictures.begin(), found.pictures.end());
  pictures.erase(fs::path());
  const Suggestions suggestions = suggestions_for(pictures, options);
  std::string review;
  std::size_t without = 0;
  for (std::size_t i = 0; i < found.entries.size(); ++i) {
    if (const auto at = suggestions.find(found.pictures[i]); at != suggestions.end()) {
      found.entries[i].suggestion = at->second.text;
      found.entries[i].note = at->second.note;
      if (!at->second.text) ++found.failed;
    }
    if (!found.entries[i].suggestion) ++without;
    review += app::review_line(found.entries[i]) + "\n";
  }
  if (options.output.empty()) {
    print(review);
  } else {
    app::PartialFile file(options.output);
    file.write(review);
    file.put_in_place();
  }
  if (!options.quiet) {
    print_message(
        fmt::format("{} pages: {} pictures without alternative text, {} of them without "
                    "a suggestion; {} with text, {} decorative",
                    found.pages, found.entries.size(), without, found.with_text, found.decorative));
  }
  return found.failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

ExitCode write(const AltOptions& options) {
  const app::Site site(options.site);
  std::map<std::string, std::vector<ReviewEntry>> by_page;
  const std::string review = read_text_file(options.review, app::kMaxReviewBytes);
  for (ReviewEntry& entry : app::read_review(review, options.review)) {
    if (entry.suggestion) by_page[entry.page].push_back(std::move(entry));
  }
  std::size_t written = 0;
  std::size_t pages = 0;
  std::size_t failed = 0;
  for (const auto& [path, entries] : by_page) {
    try {
      site.require_page(path);
      const app::FileToReplace file(path);
      const app::WrittenPage page =
          app::page_with_alt(app::read_page(path), *app::language_of(path), entries);
      for (const ReviewEntry& entry : page.not_found) {
        print_message(fmt::format("{}:{}: no picture {} without alternative text is here any more",
                                  path, entry.line, printable(entry.src)));
      }
      failed += page.not_found.size();
      if (page.written == 0) continue;
      file.replace(page.bytes, {});
      written += page.written;
      ++pages;
    } catch (const Error& error) {
      const std::string message = error.what();
      print_message(message.starts_with(path) ? message : path + ": " + message);
      ++failed;
    }
  }
  if (!options.quiet) {
    print_message(fmt::format("{} alternative texts in {} pages written", written, pages));
  }
  return failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

}  // namespace

ExitCode run_alt(Arguments arguments) {
  const auto options = parse_alt_options(arguments);
  if (!options) return ExitCode::ok;
  return options->review.empty() ? suggest(*options) : write(*options);
}

}  // namespace blip::cli
