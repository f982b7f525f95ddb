"""The papers that the pages name under "Sources", in BibTeX."""

from __future__ import annotations

from typing import Any

from sdeopt import __version__
from sdeopt.cli.facts import identifiers, sources

__all__ = ["ENTRIES", "bibliography"]

# what a page writes -> (key, kind, fields); a lecture without an identifier is found by its authors and year
ENTRIES: dict[str, tuple[str, str, dict[str, str]]] = {
    "arXiv:1412.6980": ("kingma2015adam", "inproceedings", {
        "author": "Kingma, Diederik P. and Ba, Jimmy",
        "title": "{Adam}: A Method for Stochastic Optimization",
        "booktitle": "International Conference on Learning Representations",
        "year": "2015",
    }),
    "arXiv:1501.00438": ("vollmer2016exploration", "article", {
        "author": "Vollmer, Sebastian J. and Zygalakis, Konstantinos C. and Teh, Yee Whye",
        "title": "Exploration of the (Non-)Asymptotic Bias and Variance of Stochastic Gradient {Langevin} Dynamics",
        "journal": "Journal of Machine Learning Research",
        "volume": "17",
        "number": "159",
        "pages": "1--48",
        "year": "2016",
    }),
    "arXiv:1503.01243": ("su2016differential", "article", {
        "author": "Su, Weijie and Boyd, Stephen and Cand{\\`e}s, Emmanuel J.",
        "title": "A Differential Equation for Modeling {Nesterov's} Accelerated Gradient Method: Theory and Insights",
        "journal": "Journal of Machine Learning Research",
        "volume": "17",
        "number": "153",
        "pages": "1--43",
        "year": "2016",
    }),
    "arXiv:1511.06251": ("li2017stochastic", "inproceedings", {
        "author": "Li, Qianxiao and Tai, Cheng and E, Weinan",
        "title": "Stochastic Modified Equations and Adaptive Stochastic Gradient Algorithms",
        "booktitle": "Proceedings of the 34th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "70",
        "pages": "2101--2110",
        "year": "2017",
    }),
    "arXiv:1610.02132": ("alistarh2017qsgd", "inproceedings", {
        "author": "Alistarh, Dan and Grubic, Demjan and Li, Jerry and Tomioka, Ryota and Vojnovic, Milan",
        "title": "{QSGD}: Communication-Efficient {SGD} via Gradient Quantization and Encoding",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "30",
        "year": "2017",
    }),
    "arXiv:1702.03849": ("raginsky2017nonconvex", "inproceedings", {
        "author": "Raginsky, Maxim and Rakhlin, Alexander and Telgarsky, Matus",
        "title": "Non-Convex Learning via Stochastic Gradient {Langevin} Dynamics: A Nonasymptotic Analysis",
        "booktitle": "Proceedings of the 2017 Conference on Learning Theory",
        "series": "Proceedings of Machine Learning Research",
        "volume": "65",
        "pages": "1674--1703",
        "year": "2017",
    }),
    "arXiv:1703.00887": ("jin2017escape", "inproceedings", {
        "author": "Jin, Chi and Ge, Rong and Netrapalli, Praneeth and Kakade, Sham M. and Jordan, Michael I.",
        "title": "How to Escape Saddle Points Efficiently",
        "booktitle": "Proceedings of the 34th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "70",
        "pages": "1724--1732",
        "year": "2017",
    }),
    "arXiv:1607.00133": ("abadi2016deep", "inproceedings", {
        "author": "Abadi, Martin and Chu, Andy and Goodfellow, Ian and McMahan, H. Brendan and Mironov, Ilya and "
        "Talwar, Kunal and Zhang, Li",
        "title": "Deep Learning with Differential Privacy",
        "booktitle": "Proceedings of the 2016 ACM SIGSAC Conference on Computer and Communications Security",
        "pages": "308--318",
        "year": "2016",
    }),
    "arXiv:1711.05101": ("loshchilov2019decoupled", "inproceedings", {
        "author": "Loshchilov, Ilya and Hutter, Frank",
        "title": "Decoupled Weight Decay Regularization",
        "booktitle": "International Conference on Learning Representations",
        "year": "2019",
    }),
    "arXiv:1802.04434": ("bernstein2018signsgd", "inproceedings", {
        "author": "Bernstein, Jeremy and Wang, Yu-Xiang and Azizzadenesheli, Kamyar and Anandkumar, Animashree",
        "title": "{signSGD}: Compressed Optimisation for Non-Convex Problems",
        "booktitle": "Proceedings of the 35th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "80",
        "pages": "560--569",
        "year": "2018",
    }),
    "arXiv:1809.07599": ("stich2018sparsified", "inproceedings", {
        "author": "Stich, Sebastian U. and Cordonnier, Jean-Baptiste and Jaggi, Martin",
        "title": "Sparsified {SGD} with Memory",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "31",
        "year": "2018",
    }),
    "arXiv:1811.01558": ("li2019stochastic", "article", {
        "author": "Li, Qianxiao and Tai, Cheng and E, Weinan",
        "title": "Stochastic Modified Equations and Dynamics of Stochastic Gradient Algorithms {I}: "
        "Mathematical Foundations",
        "journal": "Journal of Machine Learning Research",
        "volume": "20",
        "number": "40",
        "pages": "1--47",
        "year": "2019",
    }),
    "arXiv:1901.06053": ("simsekli2019tail", "inproceedings", {
        "author": '{\\c{S}}im{\\c{s}}ekli, Umut and Sagun, Levent and G{\\"u}rb{\\"u}zbalaban, Mert',
        "title": "A Tail-Index Analysis of Stochastic Gradient Noise in Deep Neural Networks",
        "booktitle": "Proceedings of the 36th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "97",
        "pages": "5827--5837",
        "year": "2019",
    }),
    "arXiv:1901.09847": ("karimireddy2019error", "inproceedings", {
        "author": "Karimireddy, Sai Praneeth and Rebjock, Quentin and Stich, Sebastian U. and Jaggi, Martin",
        "title": "Error Feedback Fixes {SignSGD} and other Gradient Compression Schemes",
        "booktitle": "Proceedings of the 36th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "97",
        "pages": "3252--3261",
        "year": "2019",
    }),
    "arXiv:1905.10988": ("horvath2022natural", "inproceedings", {
        "author": "Horv{\\'a}th, Samuel and Ho, Chen-Yu and Horvath, Ludovit and Sahu, Atal Narayan and Canini, Marco "
        "and Richt{\\'a}rik, Peter",
        "title": "Natural Compression for Distributed Deep Learning",
        "booktitle": "Proceedings of Mathematical and Scientific Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "190",
        "pages": "129--141",
        "year": "2022",
    }),
    "arXiv:1907.04392": ("bailey2020finite", "inproceedings", {
        "author": "Bailey, James P. and Gidel, Gauthier and Piliouras, Georgios",
        "title": "Finite Regret and Cycles with Fixed Step-Size via Alternating Gradient Descent-Ascent",
        "booktitle": "Proceedings of the 33rd Conference on Learning Theory",
        "series": "Proceedings of Machine Learning Research",
        "volume": "125",
        "year": "2020",
    }),
    "arXiv:2007.04202": ("loizou2020stochastic", "inproceedings", {
        "author": "Loizou, Nicolas and Berard, Hugo and Jolicoeur-Martineau, Alexia and Vincent, Pascal and "
        "Lacoste-Julien, Simon and Mitliagkas, Ioannis",
        "title": "Stochastic {Hamiltonian} Gradient Methods for Smooth Games",
        "booktitle": "Proceedings of the 37th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "119",
        "year": "2020",
    }),
    "arXiv:2010.01412": ("foret2021sharpness", "inproceedings", {
        "author": "Foret, Pierre and Kleiner, Ariel and Mobahi, Hossein and Neyshabur, Behnam",
        "title": "Sharpness-Aware Minimization for Efficiently Improving Generalization",
        "booktitle": "International Conference on Learning Representations",
        "year": "2021",
    }),
    "arXiv:2010.15768": ("zhang2020single", "inproceedings", {
        "author": "Zhang, Jiawei and Xiao, Peijun and Sun, Ruoyu and Luo, Zhi-Quan",
        "title": "A Single-Loop Smoothed Gradient Descent-Ascent Algorithm for Nonconvex-Concave Min-Max Problems",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "33",
        "year": "2020",
    }),
    "arXiv:2111.08611": ("gorbunov2022stochastic", "inproceedings", {
        "author": "Gorbunov, Eduard and Berard, Hugo and Gidel, Gauthier and Loizou, Nicolas",
        "title": "Stochastic Extragradient: General Analysis and Improved Rates",
        "booktitle": "Proceedings of the 25th International Conference on Artificial Intelligence and Statistics",
        "series": "Proceedings of Machine Learning Research",
        "volume": "151",
        "year": "2022",
    }),
    "arXiv:2112.05604": ("yang2022faster", "inproceedings", {
        "author": "Yang, Junchi and Orvieto, Antonio and Lucchi, Aurelien and He, Niao",
        "title": "Faster Single-Loop Algorithms for Minimax Optimization without Strong Concavity",
        "booktitle": "Proceedings of the 25th International Conference on Artificial Intelligence and Statistics",
        "series": "Proceedings of Machine Learning Research",
        "volume": "151",
        "year": "2022",
    }),
    "arXiv:2202.02831": ("orvieto2022anticorrelated", "inproceedings", {
        "author": "Orvieto, Antonio and Kersting, Hans and Proske, Frank and Bach, Francis and Lucchi, Aurelien",
        "title": "Anticorrelated Noise Injection for Improved Generalization",
        "booktitle": "Proceedings of the 39th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "162",
        "pages": "17094--17116",
        "year": "2022",
    }),
    "arXiv:2205.10287": ("malladi2022sdes", "inproceedings", {
        "author": "Malladi, Sadhika and Lyu, Kaifeng and Panigrahi, Abhishek and Arora, Sanjeev",
        "title": "On the {SDEs} and Scaling Rules for Adaptive Gradient Algorithms",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "35",
        "pages": "7697--7711",
        "year": "2022",
    }),
    "arXiv:2206.06232": ("andriushchenko2022towards", "inproceedings", {
        "author": "Andriushchenko, Maksym and Flammarion, Nicolas",
        "title": "Towards Understanding Sharpness-Aware Minimization",
        "booktitle": "Proceedings of the 39th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "162",
        "pages": "639--668",
        "year": "2022",
    }),
    "arXiv:2209.09162": ("lucchi2022correlation", "inproceedings", {
        "author": "Lucchi, Aurelien and Proske, Frank and Orvieto, Antonio and Bach, Francis and Kersting, Hans",
        "title": "On the Theoretical Properties of Noise Correlation in Stochastic Optimization",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "35",
        "year": "2022",
    }),
    "arXiv:2207.00391": ("francazi2023theoretical", "inproceedings", {
        "author": "Francazi, Emanuele and Baity-Jesi, Marco and Lucchi, Aurelien",
        "title": "A Theoretical Analysis of the Learning Dynamics under Class Imbalance",
        "booktitle": "Proceedings of the 40th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "202",
        "year": "2023",
    }),
    "arXiv:2301.08203": ("monziocompagnoni2023sde", "inproceedings", {
        "author": "Monzio Compagnoni, Enea and Biggio, Luca and Orvieto, Antonio and Proske, Frank Norbert and "
        "Kersting, Hans and Lucchi, Aurelien",
        "title": "An {SDE} for Modeling {SAM}: Theory and Insights",
        "booktitle": "Proceedings of the 40th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "202",
        "pages": "25209--25253",
        "year": "2023",
    }),
    "arXiv:2302.06675": ("chen2023symbolic", "inproceedings", {
        "author": "Chen, Xiangning and Liang, Chen and Huang, Da and Real, Esteban and Wang, Kaiyuan and Liu, Yao and "
        "Pham, Hieu and Dong, Xuanyi and Luong, Thang and Hsieh, Cho-Jui and Lu, Yifeng and Le, Quoc V.",
        "title": "Symbolic Discovery of Optimization Algorithms",
        "booktitle": "Advances in Neural Information Processing Systems",
        "volume": "36",
        "year": "2023",
    }),
    "arXiv:2402.12508": ("monziocompagnoni2024sdes", "inproceedings", {
        "author": "Monzio Compagnoni, Enea and Orvieto, Antonio and Kersting, Hans and Proske, Frank Norbert and "
        "Lucchi, Aurelien",
        "title": "{SDEs} for Minimax Optimization",
        "booktitle": "Proceedings of the 27th International Conference on Artificial Intelligence and Statistics",
        "series": "Proceedings of Machine Learning Research",
        "volume": "238",
        "year": "2024",
    }),
    "arXiv:2407.04358": ("orvieto2024adaptive", "misc", {
        "author": "Orvieto, Antonio and Xiao, Lin",
        "title": "An Adaptive Stochastic Gradient Method with Non-negative {Gauss-Newton} Stepsizes",
        "year": "2024",
    }),
    "arXiv:2411.15958": ("monziocompagnoni2025adaptive", "inproceedings", {
        "author": "Monzio Compagnoni, Enea and Liu, Tianlin and Islamov, Rustem and Proske, Frank Norbert and "
        "Orvieto, Antonio and Lucchi, Aurelien",
        "title": "Adaptive Methods through the Lens of {SDEs}: Theoretical Insights on the Role of Noise",
        "booktitle": "International Conference on Learning Representations",
        "year": "2025",
    }),
    "arXiv:2502.07529": ("pethick2025training", "inproceedings", {
        "author": "Pethick, Thomas and Xie, Wanyun and Antonakopoulos, Kimon and Zhu, Zhenyu and "
        "Silveti-Falls, Antonio and Cevher, Volkan",
        "title": "Training Deep Learning Models with Norm-Constrained {LMOs}",
        "booktitle": "Proceedings of the 42nd International Conference on Machine Learning",
        "year": "2025",
    }),
    "arXiv:2502.11682": ("islamov2025double", "misc", {
        "author": "Islamov, Rustem and Horv{\\'a}th, Samuel and Lucchi, Aurelien and Richt{\\'a}rik, Peter and "
        "Gorbunov, Eduard",
        "title": "Double Momentum and Error Feedback for Clipping with Fast Rates and Differential Privacy",
        "year": "2025",
    }),
    "arXiv:2502.16982": ("liu2025muon", "misc", {
        "author": "Liu, Jingyuan and Su, Jianlin and others",
        "title": "{Muon} is Scalable for {LLM} Training",
        "year": "2025",
    }),
    "arXiv:2502.17009": ("monziocompagnoni2025unbiased", "inproceedings", {
        "author": "Monzio Compagnoni, Enea and Islamov, Rustem and Proske, Frank Norbert and Lucchi, Aurelien",
        "title": "Unbiased and Sign Compression in Distributed Learning: Comparing Noise Resilience via {SDEs}",
        "booktitle": "Proceedings of the 28th International Conference on Artificial Intelligence and Statistics",
        "series": "Proceedings of Machine Learning Research",
        "volume": "258",
        "pages": "4087--4095",
        "year": "2025",
    }),
    "arXiv:2508.15071": ("islamov2025enhancing", "misc", {
        "author": "Islamov, Rustem and Ajroldi, Niccol{\\`o} and Orvieto, Antonio and Lucchi, Aurelien",
        "title": "Enhancing Optimizer Stability: Momentum Adaptation of the {NGN} Step-size",
        "year": "2025",
    }),
    "arXiv:2509.21614": ("callisti2025effective", "misc", {
        "author": "Callisti, Luca and Romito, Marco and Triggiano, Francesco",
        "title": "Effective Continuous Equations for Adaptive {SGD}: A Stochastic Analysis View",
        "year": "2025",
    }),
    "arXiv:2510.03164": ("alimisis2025warmup", "misc", {
        "author": "Alimisis, Foivos and Islamov, Rustem and Lucchi, Aurelien",
        "title": "Why Do We Need Warm-up? {A} Theoretical Perspective",
        "year": "2025",
    }),
    "arXiv:2603.03226": ("monziocompagnoni2026adaptive", "inproceedings", {
        "author": "Monzio Compagnoni, Enea and Stanghellini, Alessandro and Islamov, Rustem and Lucchi, Aurelien and "
        "Koloskova, Anastasia",
        "title": "Adaptive Methods Are Preferable in High Privacy Settings: An {SDE} Perspective",
        "booktitle": "International Conference on Learning Representations",
        "year": "2026",
    }),
    "doi:10.1016/0041-5553(64)90137-5": ("polyak1964methods", "article", {
        "author": "Polyak, Boris T.",
        "title": "Some Methods of Speeding Up the Convergence of Iteration Methods",
        "journal": "USSR Computational Mathematics and Mathematical Physics",
        "volume": "4",
        "number": "5",
        "pages": "1--17",
        "year": "1964",
    }),
    "doi:10.1080/07362999008809220": ("talay1990expansion", "article", {
        "author": "Talay, Denis and Tubaro, Luciano",
        "title": "Expansion of the Global Error for Numerical Schemes Solving Stochastic Differential Equations",
        "journal": "Stochastic Analysis and Applications",
        "volume": "8",
        "number": "4",
        "pages": "483--509",
        "year": "1990",
    }),
    "doi:10.1137/1010093": ("mandelbrot1968fractional", "article", {
        "author": "Mandelbrot, Benoit B. and Van Ness, John W.",
        "title": "Fractional {Brownian} Motions, Fractional Noises and Applications",
        "journal": "SIAM Review",
        "volume": "10",
        "number": "4",
        "pages": "422--437",
        "year": "1968",
    }),
    "doi:10.2307/2332716": ("plackett1954reduction", "article", {
        "author": "Plackett, Robin L.",
        "title": "A Reduction Formula for Normal Multivariate Integrals",
        "journal": "Biometrika",
        "volume": "41",
        "number": "3/4",
        "pages": "351--360",
        "year": "1954",
    }),
    "Duchi, Hazan & Singer (2011)": ("duchi2011adaptive", "article", {
        "author": "Duchi, John and Hazan, Elad and Singer, Yoram",
        "title": "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        "journal": "Journal of Machine Learning Research",
        "volume": "12",
        "number": "61",
        "pages": "2121--2159",
        "year": "2011",
    }),
    "Korpelevich (1976)": ("korpelevich1976extragradient", "article", {
        "author": "Korpelevich, Galina M.",
        "title": "The Extragradient Method for Finding Saddle Points and Other Problems",
        "journal": "Matecon",
        "volume": "12",
        "pages": "747--756",
        "year": "1976",
    }),
    "Nesterov (1983)": ("nesterov1983method", "article", {
        "author": "Nesterov, Yurii",
        "title": "A Method for Solving the Convex Programming Problem with Convergence Rate {$O(1/k^2)$}",
        "journal": "Soviet Mathematics Doklady",
        "volume": "27",
        "pages": "372--376",
        "year": "1983",
    }),
    "Sutskever et al. (2013)": ("sutskever2013importance", "inproceedings", {
        "author": "Sutskever, Ilya and Martens, James and Dahl, George and Hinton, Geoffrey",
        "title": "On the Importance of Initialization and Momentum in Deep Learning",
        "booktitle": "Proceedings of the 30th International Conference on Machine Learning",
        "series": "Proceedings of Machine Learning Research",
        "volume": "28",
        "number": "3",
        "pages": "1139--1147",
        "year": "2013",
    }),
    "Jordan et al. (2024)": ("jordan2024muon", "misc", {
        "author": "Jordan, Keller and Jin, Yuchen and Boza, Vlado and You, Jiacheng and Cesista, Franz and "
        "Newhouse, Laker and Bernstein, Jeremy",
        "title": "{Muon}: An Optimizer for Hidden Layers in Neural Networks",
        "howpublished": "https://kellerjordan.github.io/posts/muon/",
        "year": "2024",
    }),
    "Tieleman & Hinton (2012)": ("tieleman2012rmsprop", "misc", {
        "author": "Tieleman, Tijmen and Hinton, Geoffrey",
        "title": "Lecture 6.5: {RMSProp}, Divide the Gradient by a Running Average of Its Recent Magnitude",
        "howpublished": "Coursera: Neural Networks for Machine Learning",
        "year": "2012",
    }),
    "Welling & Teh (2011)": ("welling2011bayesian", "inproceedings", {
        "author": "Welling, Max and Teh, Yee Whye",
        "title": "{Bayesian} Learning via Stochastic Gradient {Langevin} Dynamics",
        "booktitle": "Proceedings of the 28th International Conference on Machine Learning",
        "pages": "681--688",
        "year": "2011",
    }),
}  # fmt: skip


def bibliography(cls: Any) -> str:
    """The entries of what a method's page names, in that order, and sdeopt's own."""
    said = sources(cls)
    named = [*identifiers(said), *(name for name in ENTRIES if ":" not in name and name in said)]
    entries = [_entry(name, *ENTRIES[name]) for name in sorted(named, key=said.index)]
    remark = f"% Numbers made with sdeopt {__version__}: cite it beside the sources of {cls.__name__}."
    return "\n\n".join([*entries, f"{remark}\n{_own(cls.__name__)}"])


def _own(method: str) -> str:
    return _bibtex("sdeopt", "software", {
        "author": "{The sdeopt developers}",
        "title": "sdeopt: Stochastic Optimizers and Their Stochastic Differential Equations, Side by Side",
        "version": __version__,
        "year": "2026",
        "note": f"The numbers on {method} and its SDE were computed with sdeopt {__version__}",
    })  # fmt: skip


def _entry(name: str, key: str, kind: str, fields: dict[str, str]) -> str:
    system, _, number = name.partition(":")
    if system == "arXiv":
        fields = fields | {"eprint": number, "archiveprefix": "arXiv"}
    elif system == "doi":
        fields = fields | {"doi": number}
    return _bibtex(key, kind, fields)


def _bibtex(key: str, kind: str, fields: dict[str, str]) -> str:
    lines = (f"  {name} = {{{value}}}," for name, value in fields.items())
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
