#include "app/draw/drawer.hpp"

#include <algorithm>
#include <utility>

#include "app/matcher.hpp"
#include "architectures/registry.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

// A list's line may be as long as a file. The tokenizer takes time for all of it, and the model
// reads the first 64 tokens.
constexpr std::size_t kMaxPromptBytes = std::size_t{1} << 20;

DalleModel open_dalle(const ModelOptions& model) {
  const ModelFamily& family = family_of(model.model);
  const Architecture& architecture = family.architecture_of(model.model);
  if (std::ranges::find(architecture.tasks, Task::draw) == architecture.tasks.end()) {
    throw Error(ErrorCode::unsupported, model.model.string() + ": is a " +
                                            std::string(architecture.name) + ", which " +
                                            architecture.purpose + "; this needs a DalleModel");
  }
  return DalleModel::from_pretrained(model.model, model.load(), DalleStages::one_at_a_time);
}

}  // namespace

Drawer::Drawer(const ModelOptions& model, const DrawerOptions& options)
    : model_(open_dalle(model)),
      tokenizer_(open_tokenizer(model.model, model.processor)),
      options_(options) {}

Prompt Drawer::prompt(const std::string& text) const {
  const auto refuse = [](const char* problem, ErrorCode code = ErrorCode::invalid_argument) {
    throw Error(code, std::string("the prompt ") + problem);
  };
  if (text.find('\0') != std::string::npos) refuse("has a NUL character in it");
  if (text.size() > kMaxPromptBytes) refuse("is longer than 1 MiB", ErrorCode::limit_exceeded);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) refuse("is empty");
  Prompt prompt = {.text = text, .tokens = tokenizer_->encode(text)};
  const SpecialTokens special = tokenizer_->special_tokens();
  const bool says_nothing = std::ranges::all_of(prompt.tokens, [&](TokenId id) {
    return id == special.bos || id == special.eos || id == special.unk;
  });
  if (says_nothing) {
    refuse("has no word that the model can read: of letters, it knows those of English alone");
  }
  const auto most = static_cast<std::size_t>(config().max_text_length);
  if (prompt.tokens.size() > most) {
    prompt.left_out = prompt.tokens.size() - most;
    prompt.tokens.resize(most);
  }
  return prompt;
}

void Drawer::read(Prompt& prompt, Context& context) const {
  if (prompt.states.empty()) prompt.states = model_.encode_text(prompt.tokens, context);
}

Tensor Drawer::decode(std::span<const TokenId> codes, Context& context) const {
  return options_.seamless ? model_.decode_seamless(codes, context)
                           : model_.decode_codes(codes, context);
}

Drawing Drawer::draw(const Prompt& prompt, Context& context, const OnStep& on_step,
                     const OnPicture& on_picture) const {
  const auto length = static_cast<std::size_t>(config().image_length);
  const DrawingProgress progress = [&](std::size_t done, std::span<const TokenId> codes) {
    const bool shows = on_picture && options_.progress_every > 0 && done < length &&
                       done % options_.progress_every == 0;
    if (shows) on_picture(done, picture_grid(pictures_of(decode(codes, context))));
    return !on_step || on_step(done, length);
  };
  const std::vector<TokenId> codes =
      model_.draw_codes(prompt.states, options_.drawing, context, progress);
  Drawing drawing = {.pixels = decode(codes, context), .pictures = {}};
  drawing.pictures = pictures_of(drawing.pixels);
  return drawing;
}

Image sheet_of(const Drawing& drawing) {
  return picture_grid(drawing.pictures);
}

PictureJudge::PictureJudge(const ModelOptions& model) : embedder_(model, TextStyle::hf) {}

PictureJudge::Verdict PictureJudge::judge(const std::string& prompt,
                                          std::span<const Image> pictures, Context& context) const {
  std::vector<Tokens> texts = embedder_.tokens(std::span(&prompt, 1));
  const auto most = static_cast<std::size_t>(embedder_.max_tokens());
  if (texts.front().size() > most) {
    // The end of the text stays where it is, as in the models' own tokenizers.
    const TokenId last = texts.front().back();
    texts.front().resize(most);
    texts.front().back() = last;
  }
  const Tensor embedding = embedder_.embed(texts, context);
  Verdict verdict;
  for (const Image& picture : pictures) {
    const PreparedImage prepared = {.name = prompt,
                                    .index = verdict.scores.size(),
                                    .pixel_values = embedder_.pictures()(picture),
                                    .error = {}};
    const PreparedImage* const pointer = &prepared;
    const std::vector<EncodedImage> encoded = embedder_.encode(std::span(&pointer, 1), context);
    const Tensor own = embedder_.embed(encoded, context);
    const Match match =
        matches_of(embedder_, encoded.front(), own.data, texts, embedding, context).front();
    verdict.scores.push_back(match.itm.value_or(match.itc));
  }
  verdict.best =
      static_cast<std::size_t>(std::ranges::max_element(verdict.scores) - verdict.scores.begin());
  return verdict;
}

}  // namespace blip::app
