// A DALL-E and a VQGAN that were trained for some steps compute in the engine what they computed in
// training.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "architectures/dalle/config.hpp"
#include "blip/dalle.hpp"
#include "checkpoint/checkpoint.hpp"
#include "small_models.hpp"
#include "tasks/dalle_stages.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/model/dalle_model.hpp"
#include "train/model/save_dalle.hpp"
#include "train/objectives/image_codes.hpp"
#include "train/objectives/vqgan_reconstruction.hpp"
#include "train/optimizer/adamw.hpp"

namespace blip::train {
namespace {

constexpr double kLimit = 1e-4;
constexpr int kSteps = 3;
constexpr double kLearningRate = 1e-2;

DalleConfig small_dalle() {
  DalleConfig config;
  config.architecture = "DalleModel";
  config.encoder_vocab_size = 40;
  config.image_vocab_size = 20;
  config.decoder_start_token_id = 20;
  config.max_text_length = 12;
  config.image_length = 16;
  config.d_model = 24;
  config.encoder_layers = 2;
  config.decoder_layers = 3;
  config.encoder_ffn_dim = 37;
  config.decoder_ffn_dim = 41;
  config.encoder_attention_heads = 2;
  config.decoder_attention_heads = 3;
  config.vqgan_config = {.ch = 8,
                         .ch_mult = {1, 2, 3},
                         .num_res_blocks = 1,
                         .attn_resolutions = {8},
                         .resolution = 16,
                         .z_channels = 6,
                         .embed_dim = 5,
                         .n_embed = 20,
                         .norm_groups = 4};
  return config;
}

void write_tokenizer(const std::filesystem::path& directory) {
  nlohmann::json tokens = {{"<s>", 0}, {"<pad>", 1}, {"</s>", 2}, {"<unk>", 3}, {"\u0120", 4}};
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    tokens[std::string(1, letter)] = static_cast<int>(tokens.size());
  }
  tokens["\u0120a"] = static_cast<int>(tokens.size());
  std::ofstream(directory / "vocab.json") << tokens.dump();
  std::ofstream(directory / "merges.txt") << "#version: 0.2\n\u0120 a\n";
}

template <typename Loss>
void train(Parameters& parameters, const Loss& loss) {
  AdamW optimizer(parameters.trained(), {});
  for (int step = 0; step < kSteps; ++step) {
    loss().backward();
    optimizer.step(kLearningRate);
    parameters.zero_grad();
  }
}

double difference(std::span<const float> engine, const torch::Tensor& training) {
  const torch::Tensor values = training.detach().contiguous().view(-1);
  const torch::Tensor other = torch::tensor(std::vector<float>(engine.begin(), engine.end()));
  EXPECT_GT(values.std().item<double>(), 100 * kLimit) << "hardly varies";
  return (other - values).abs().max().item<double>();
}

class DalleAgreement : public testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(5);
    write_tokenizer(directory.path());
    VqganTrainingModel trained = make_vqgan_model(config.vqgan_config, torch::kCPU);
    trained.parameters.initialise(seeded(1));
    const torch::Tensor pictures = torch::rand({4, 3, 16, 16}, seeded(2), torch::kFloat32);
    const RankGather alone = single_process();
    train(trained.parameters,
          [&] { return vqgan_losses(trained, pictures, {.restart_share = 0.1}, &alone).total; });
    save_vqgan(trained, directory.path() / "vqgan");
    vqgan = open_fixed_vqgan(directory.path() / "vqgan", torch::kCPU);
    {
      const torch::NoGradGuard no_grad;
      EXPECT_TRUE(vqgan.encode(pictures).equal(trained.encode(pictures)));
      codes = vqgan.nearest_codes(vqgan.encode(pictures)).flatten(1).slice(0, 0, 2).contiguous();
    }
    model.parameters.initialise(seeded(3));
    train(model.parameters, [&] { return drawing_loss(model, {texts, codes}); });
    save_dalle(model.parameters, vqgan, config, dalle_description(config, directory.path()),
               directory.path() / "dalle");
  }

  DalleConfig config = small_dalle();
  DalleTrainingModel model = make_dalle_model(config, torch::kCPU);
  VqganTrainingModel vqgan;
  torch::Tensor codes;  // [2, 16]
  // The empty prompt, padded, and a text.
  TextBatch texts = {torch::tensor({{0, 2, 1, 1, 1, 1}, {0, 5, 9, 30, 17, 2}}, torch::kInt64),
                     torch::tensor({{1, 1, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1}}, torch::kInt64)};
  TemporaryDirectory directory;
  Context context{{.num_threads = 2}};
};

TEST_F(DalleAgreement, StatesAndLogits) {
  const torch::NoGradGuard no_grad;
  const DalleParts engine(Checkpoint::open(directory.path() / "dalle"), WeightType::stored, config,
                          DalleStages::resident);
  const std::vector<std::vector<TokenId>> ids = {{0, 2}, {0, 5, 9, 30, 17, 2}};
  std::vector<float> states(8 * 24);
  engine.encoder()->encode(ids, states.data(), context);
  const torch::Tensor wanted = model.encode(texts);  // [2, 6, E]
  EXPECT_LE(difference(states, torch::cat({wanted[0].slice(0, 0, 2), wanted[1]})), kLimit);

  const torch::Tensor logits = model.logits(wanted, texts.mask, codes);  // [2, 16, V]
  const std::array<std::int64_t, 2> lengths = {2, 6};
  const auto decoder = engine.decoder();
  const auto caches = decoder->read_texts(states.data(), lengths, context);
  // Each text by itself, along the codes of its picture.
  for (std::int64_t row = 0; row < 2; ++row) {
    DalleDecoding decoding(*decoder, std::span(caches).subspan(static_cast<std::size_t>(row), 1),
                           1);
    std::vector<TokenId> before = {config.decoder_start_token_id};
    for (std::int64_t i = 0; i < config.image_length; ++i) {
      EXPECT_LE(difference(decoding.step(before, context), logits[row][i]), kLimit)
          << "code " << i << " of picture " << row;
      before[0] = static_cast<TokenId>(codes[row][i].item<std::int64_t>());
    }
  }
}

TEST_F(DalleAgreement, PicturesOfCodes) {
  const torch::NoGradGuard no_grad;
  const DalleModel engine = DalleModel::from_pretrained(directory.path() / "dalle");
  EXPECT_TRUE(engine.ignored_tensors().empty());
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < codes.numel(); ++i) {
    ids.push_back(static_cast<TokenId>(codes.view(-1)[i].item<std::int64_t>()));
  }
  const Tensor pixels = engine.decode_codes(ids, context);  // [2, 16, 16, 3]
  const torch::Tensor vectors = torch::embedding(vqgan.codebook, codes).view({2, 4, 4, -1});
  EXPECT_LE(difference(pixels.data, vqgan.decode(vectors).permute({0, 2, 3, 1})), kLimit);
}

}  // namespace
}  // namespace blip::train
