// Training of a DALL-E mini: codes that a fixed VQGAN makes of pictures, given their captions.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "architectures/dalle/config.hpp"
#include "architectures/dalle/family.hpp"
#include "blip/dalle_tokenizer.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/config_file.hpp"
#include "checkpoint/model_directory.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/dalle_model.hpp"
#include "train/model/save_dalle.hpp"
#include "train/objectives/image_codes.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_codes.hpp"
#include "train/recipes/picture_values.hpp"
#include "train/recipes/recipe.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

using TokenList = std::vector<TokenId>;

constexpr const char* kCodebook = "embedding.weight";

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

// What the training starts from.
struct DrawStart {
  std::filesystem::path vocabulary;  // a directory with the tokenizer's files
  DalleConfig config;
  DalleTokenizer tokenizer;
};

DrawStart new_start(const TrainingConfig& config, const VqganConfig& vqgan) {
  const std::filesystem::path vocabulary = config.architecture.vocabulary;
  if (vocabulary.empty()) {
    refuse("no tokenizer: architecture.vocabulary, a directory with vocab.json and merges.txt");
  }
  DrawStart start{vocabulary, config.dalle, DalleTokenizer::from_pretrained(vocabulary)};
  start.config.architecture = kDalleModel.name;
  start.config.vqgan_config = vqgan;
  start.config.encoder_vocab_size = static_cast<int>(start.tokenizer.vocab_size());
  start.config.image_vocab_size = vqgan.n_embed;
  start.config.image_length = vqgan.grid() * vqgan.grid();
  start.config.decoder_start_token_id = vqgan.n_embed;
  // Checked as the engine would.
  start.config = parse_dalle_config(dalle_config_as_json(start.config), "architecture");
  return start;
}

// Whether a DALL-E's codes are those of `codebook`, in the number type of its file.
bool has_codebook(const std::filesystem::path& model, const torch::Tensor& codebook) {
  const Checkpoint checkpoint = Checkpoint::open(model);
  const CheckpointTensor* own = checkpoint.find(std::string(kDalleDetokenizer) + kCodebook);
  if (own == nullptr) return false;
  const torch::Tensor stored = to_torch(*own);
  return codebook.detach().to(torch::kCPU, stored.scalar_type()).equal(stored);
}

DrawStart draw_start(const TrainingConfig& config, const VqganTrainingModel& model) {
  const VqganConfig& vqgan = model.config;
  if (config.model.start.empty()) return new_start(config, vqgan);
  const std::filesystem::path source = resolve_model(config.model.start);
  DrawStart start{model_folder(source), DalleConfig::from_pretrained(source),
                  DalleTokenizer::from_pretrained(model_folder(source))};
  if (vqgan_config_as_json(start.config.vqgan_config) != vqgan_config_as_json(vqgan) ||
      !has_codebook(source, model.codebook)) {
    refuse(config.model.start + ": draws with another VQGAN than " + config.model.vqgan);
  }
  return start;
}

TokenList tokens_of(const DrawStart& start, const std::string& caption) {
  TokenList ids = start.tokenizer.encode(
      caption, {.max_length = static_cast<std::size_t>(start.config.max_text_length)});
  for (const TokenId id : ids) {
    if (id < start.config.encoder_vocab_size) continue;
    refuse("the tokenizer gives token " + std::to_string(id) + ", but the model has " +
           std::to_string(start.config.encoder_vocab_size));
  }
  return ids;
}

// The empty prompt, as DalleModel::encode_text makes it of a text: its first and its last token,
// which is </s> unless the text was cut.
TokenList without_words(const TokenList& text) {
  return {text.front(), text.back()};
}

// The captions; a share `dropout` of them, drawn by libtorch's own generator, which checkpoints
// keep, becomes the empty prompt. So the model learns what pictures are like without a text, from
// which guidance leads away.
TextBatch texts_of(std::span<const Example> examples, const DrawStart& start, double dropout,
                   const torch::Device& device) {
  const torch::Tensor drawn = torch::rand({static_cast<std::int64_t>(examples.size())});
  const torch::Tensor is_dropped = drawn.lt(dropout);
  std::vector<TokenList> rows;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    TokenList row = tokens_of(start, examples[i].text);
    const bool drops = is_dropped[static_cast<std::int64_t>(i)].item<bool>();
    rows.push_back(drops ? without_words(row) : std::move(row));
  }
  return padded(device, rows);
}

// The mean over the captions of data.validation of what training minimises, without empty prompts.
Evaluation evaluate_drawing(const DalleTrainingModel& model, const DrawStart& start,
                            const PictureCodes& codes, const TrainingConfig& config,
                            const EvaluationData& data) {
  const torch::NoGradGuard no_grad;
  const torch::Device device = model.parameters.device();
  const auto most = static_cast<std::size_t>(config.evaluation.batch);
  double loss = 0;
  double captions = 0;
  data.for_each_batch(config.evaluation.batch, [&](std::size_t first, const Tensor& pixels) {
    const torch::Tensor codes_of_all = codes.of_pixels(as_torch(pixels));  // [B, L]
    std::vector<TokenList> rows;
    std::vector<std::int64_t> pictures;
    const auto add_losses = [&] {
      if (rows.empty()) return;
      const torch::Tensor chosen = torch::tensor(pictures, torch::kInt64).to(device);
      const DrawingBatch batch = {padded(device, rows), codes_of_all.index_select(0, chosen)};
      const auto count = static_cast<double>(rows.size());
      loss += drawing_loss(model, batch).item<double>() * count;
      captions += count;
      rows.clear();
      pictures.clear();
    };
    for (std::int64_t i = 0; i < pixels.shape[0]; ++i) {
      for (const std::string& caption :
           data.pictures()[first + static_cast<std::size_t>(i)].captions) {
        rows.push_back(tokens_of(start, caption));
        pictures.push_back(i);
        if (rows.size() == most) add_losses();  // a picture may have hundreds of captions
      }
    }
    add_losses();
  });
  return {{{"validation_loss", loss / captions}}, -loss / captions};
}

// Of all weights, as a number that a checkpoint can hold: a double has whole ones of 53 bits.
double checksum_of(const Parameters& parameters) {
  constexpr std::uint64_t kExact = (std::uint64_t{1} << 53U) - 1;
  std::uint64_t sum = 0;
  for (const auto& [name, tensor] : parameters.named_state()) {
    sum = sum * 31 + static_cast<std::uint64_t>(checksum(tensor).item<std::int64_t>());
  }
  return static_cast<double>(sum & kExact);
}

}  // namespace

Recipe make_draw_recipe(const TrainingConfig& config, const ProcessGroup& group) {
  const torch::Device device = group.device();
  if (config.model.vqgan.empty()) {
    refuse("no VQGAN: model.vqgan, what blip train vqgan has left");
  }
  const auto vqgan =
      std::make_shared<const VqganTrainingModel>(open_fixed_vqgan(config.model.vqgan, device));
  const DrawStart start = draw_start(config, *vqgan);
  const auto model =
      std::make_shared<const DalleTrainingModel>(make_dalle_model(start.config, device));
  const auto codes = std::make_shared<PictureCodes>(vqgan, /*kept=*/!config.data.augment);
  Recipe recipe;
  recipe.rows = RowKind::caption;
  recipe.adapt = [side = vqgan->config.resolution](ExampleOptions& options) {
    options.image_size = side;
    options.has_plain_captions = true;
  };
  recipe.parameters = model->parameters;
  recipe.fixed_models = {{"model.vqgan", checksum_of(vqgan->parameters)}};
  recipe.losses = [=, dropout = config.objective.prompt_dropout](std::span<const Example> examples,
                                                                 const StepPlace&) {
    const DrawingBatch batch = {texts_of(examples, start, dropout, device), (*codes)(examples)};
    return StepLosses{drawing_loss(*model, batch)};
  };
  recipe.description = dalle_description(start.config, start.vocabulary);
  recipe.save = [=, files = recipe.description](const std::filesystem::path& directory) {
    save_dalle(model->parameters, *vqgan, start.config, files, directory);
  };
  add_evaluation(
      recipe,
      [=](const std::filesystem::path&, const TrainingConfig& of_run, const EvaluationData& data) {
        return evaluate_drawing(*model, start, *codes, of_run, data);
      },
      config, squashed_pictures(vqgan->config.resolution, plain_pictures()), group);
  return recipe;
}

}  // namespace blip::train
