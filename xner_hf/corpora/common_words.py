"""The commonest words of languages that share a script with others, by which `language_check` tells them apart.

About fifty words of each, most of them function words; characters, in Chinese and Japanese. A language that alone uses
its script needs none. Case, accents and tone marks do not count, since writers leave them out.
"""

from __future__ import annotations

COMMON_WORDS = {
    "afr": (
        "die en van in is het n te dat nie vir op wat met sy om as ook hy by deur aan word hulle ons daar sal na kan "
        "was uit maar of oor tot wees nog een ek jy so toe haar dit hierdie meer baie sou mense kon moet tussen se "
        "gaan nou hom jaar gesê ander"
    ),
    "ara": (
        "في من على أن إلى التي عن مع هذا ما لا هذه الذي كان كما بين ذلك لم بعد قد كانت أو حيث خلال قبل عند كل غير وقد "
        "وفي منذ حتى هو هي ثم أي وكان تم لها له به فيه بها إن منها عليه أنه إذا ولا يكون وهو وهي بعض دون يوم عام "
        "كانوا هناك الى"
    ),
    "bam": (
        "ka ye la a be min ani na ke ni kan ko k'a o ma kono fe minnu tun don fo san bee u nin y'a jamana do n'a se "
        "te mogo an b'a kelen soro bo tile ta de kera i bila waati walasa caman nogon kama n bena sen baara k'u ne "
        "taa to yere mogow fila yoro fana cogo"
    ),
    "bbj": (
        "ne a e be pu le pe gae ye te wap ke we po go gun ntum nwe ghe pye bi ge mo aa mye pa' o ta m ba yo yen nen "
        "ta' ghom cwe pa bo gom fe dye ywe pin zhye fa cye ha tye' bin gho yap tye mu she mfa' jo shen da'gae se dze "
        "boo"
    ),
    "bul": (
        "и на да се от за в е че не с са по ще като до при но си или го той към му само ни бе беше след което тази "
        "това как все през които има когато още може бъде вече те много този между тя без под също който която ги ли "
        "я един"
    ),
    "deu": (
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er "
        "hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur "
        "bis mehr durch man sein wurde wir ich kann"
    ),
    "eng": (
        "the of to and in a that is for on said with are was he as it have by has from this at not they be we his "
        "their who will an but were been also which one had you all its or about our there them after she more other "
        "when would if what can out so because these do her i your"
    ),
    "est": (
        "ja on ei et kui see ka oma aga mis ta ning oli tema siis nii mida kes mille selle või kuid kogu ma seda veel "
        "juba vaid nagu ole mitte kus nad neid sest me üks olid sellest pole nende pärast sai palju võib teha ise "
        "tuleb üles just enam peab väga sel aasta mu kõik kas"
    ),
    "eus": (
        "eta da ez du bat dira ere zuen zen dute ditu egin dela izan den hori baina baino beste bere baita hau gero "
        "hala egiten arte hainbat zituen ziren gehiago bi oso duen behar egun edo urte nahi izango duela diren batean "
        "nola dago bezala dio horrek guztiak zion haien dituzte batzuk ari nire"
    ),
    "ewe": (
        "le la fe de me si be nu na kple ade o ame sia do siwo lia nye eye wo efe tso va nya du yi ga ha ku wole gbo "
        "dua ta to esi gbe hena esia ke asi wowo ge kpo kude dodo eme adewo xo deka megbe ene abe nuti wode esime wu "
        "edzi"
    ),
    "fas": (
        "و در به از که این را با است برای آن یک تا خود بر هم نیز شد کرد ها می شده بود گفت دو پس اما ما وی دیگر شود "
        "باید او کرده اند همه هر یا بین کند نیست چه اگر پیش بسیار بودند هستند حال روز دارد سال مورد وجود مردم ای آنها "
        "توسط سپس"
    ),
    "fin": (
        "ja on ei se että oli hänen mutta kun ovat myös olla kuin joka hän sen mitä ole niin tai nyt jo ne vain jos "
        "mukaan vuonna olisi sitä sitten voi ollut saa tämä ennen kaikki siitä minun eikä vuoden joita minä hyvin "
        "vielä koska tämän olivat jonka ettei jotka paljon sekä kanssa jälkeen oma näin"
    ),
    "fon": (
        "do o e ton lee na me nu bo we ee no de to ye ji xwe so wa gbe sin ne yi wu xo nyi kpo kpodo le a mo azan "
        "kpan gbon bi ene mi dokpo ni ka xa ko je ma blo alo gudo hwe yeton hwenu gbeta hun akwe kpon nukon li te"
    ),
    "fra": (
        "de la a le et les des du en pour dans au un que qui une par est ce sur il son pas plus avec cette se ont "
        "nous sont ne été aux sa c'est ses ou leur ces fait mais d'un d'une contre je deux après tout comme qu'il "
        "faire tous elle on depuis lui même entre selon y sans aussi notre était vous"
    ),
    "hau": (
        "da a ne kuma na ya wannan ba ta su cikin shi yi irin suka wani cewa mai mu ga nan suke daga masu za to hakan "
        "wadannan sannan ce ku haka ke dai gaba abin kan sun wajen mutane ko ma aka dukkanin wanda wata lokacin kai "
        "wa wasu kuwa ake amma yana ita yake wadanda don"
    ),
    "hin": (
        "के में की है से का और को पर यह ने कि इस एक भी हैं नहीं हो तो लिए था कर जो ही गया थी या साथ रहे वह उन अपने थे "
        "रहा बाद किया ये कहा करने जा तक उस जाता होने दिया वे कुछ इसके द्वारा अब दो हुए हुआ तरह होता उनके सकता"
    ),
    "hun": (
        "a az és hogy nem is egy ez meg ha volt van de csak mint már azt vagy el ki sem minden lehet mert nagyon "
        "nincs ezt majd kell mi arra volna ami olyan fel akkor után lett itt ott ezek aki amely között lesz szerint "
        "illetve több be le jó még amit ezért azonban"
    ),
    "ibo": (
        "na ndi o nke a ya ha bu ihe ka onye ahu di n otu maka ma oru kwuru anyi ebe steeti mmadu aka e nwere si dika "
        "ozo ulo m mere mgbe iji ala abuo anya ji i mana niile iwu no site otutu uzo n'ime oge iche obodo buru obula "
        "ato gi"
    ),
    "ind": (
        "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka "
        "lebih kata tahun sudah atau saat oleh menjadi orang ia telah adalah seperti sebagai bahwa dapat para harus "
        "namun kita dua satu masih hari hanya mengatakan kepada kami setelah melakukan lalu belum lain dia terhadap "
        "secara agar"
    ),
    "ita": (
        "di e che la il un a per in una mi sono ho non ma lo ha le si con i da se no come al dei nel del della anche "
        "più gli alla delle era loro essere stato suo questo dalla cui degli sua tra nella ci hanno dal ai ed quando "
        "sul fra fatto tutti dopo"
    ),
    "jav": (
        "lan ing kang ana sing iku ora marang iki saka wis karo kanggo uga bisa dening para utawa dadi nalika wong "
        "yaiku nanging saking kuwi yen banjur minangka sawise amarga nduweni kasebut taun luwih isih mau iya wae aja "
        "dheweke tau padha sajrone wiwit kabeh nganti anggone menyang sak"
    ),
    "jpn": "の に は を た が で て と し れ さ る い も す ら な り こ っ か よ く け だ め え ま ん う あ そ せ",
    "kaz": (
        "және мен бұл да де бар үшін ол деп бір бойынша болып жоқ сол осы еді екен туралы кейін дейін келе өз жыл "
        "оның те та емес керек біз жылы сондай ғана сияқты бірақ барлық алып кезінде арасында болды болған деген олар "
        "адам көп жаңа ел арқылы ма ме не тек"
    ),
    "kin": (
        "mu ko ku muri na wa ya ati yo kuri kugira ngo ari cyane ariko ni cya ba abantu bwa gihe ndetse bwo avuga "
        "mbere kubera za nyuma ibyo kuva bo cyo cyangwa aho hamwe igihe kuba bya i rya yagize iki benshi bavuga byo "
        "nta ubu kabiri hari kubona bafite hagati zo kuko nk'uko ntabwo imbere"
    ),
    "lug": (
        "mu ku nti nga ne era wa kya abantu bwe yali ya okuva yagamba naye e ba ye nnyo bwa kino kye buli agamba "
        "baali oluvannyuma ekyo gye okuba abo bya kwa eri oba aba na lwa be za kati bye si ga gwa kibiina ate kkumi "
        "bangi okukola ddala y'e lya nsi we okusinziira kubanga ebyo"
    ),
    "luo": (
        "e ne ma mar ni gi mag kod ka kendo en ok mondo to kaka owacho kuom kata piny ji weche joma biro jo higa "
        "nikech wacho mane moko kamano gik mano kama dhi tich bura maber gima achiel gin bende bang bedo moro nowacho "
        "ahinya mana tiyo nyaka duto mang'eny kinde timo niya ariyo onego"
    ),
    "mar": (
        "आहे व या आणि ते हे तो ही आहेत होते होता होती हा असे मध्ये च पण की न त्यांनी त्या करून एक येथे का केली केला "
        "केले मात्र जे असून त्याचे त्यांच्या करण्यात आला आली आले यांनी यांच्या नाही किंवा त्यामुळे म्हणून तर त्याने "
        "झाला झाली झाले असा काही मी साठी सर्व पासून नंतर"
    ),
    "mos": (
        "sen n a b ne la ti yaa wa na ye ka tond be d naan faa yvvm ning tenga tvvm pa nins t pvge toog paam keed toe "
        "taoor da neb weenge soaba kiuug kanga yi pvga mam le ra yell ta maan taab tar ramba taaba nan sa sull wakat "
        "bumb yinga poore neba"
    ),
    "msa": (
        "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke kerana tersebut boleh ada mereka "
        "lebih kata tahun sudah atau ketika oleh menjadi orang beliau telah adalah seperti sebagai bahawa dapat para "
        "perlu namun kita dua satu masih hari hanya berkata kepada kami selepas lalu belum lain dia terhadap secara "
        "agar ialah apabila tetapi"
    ),
    "nld": (
        "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit nog naar door "
        "over hij ze zich heeft hebben deze dit die werd wordt we wat geen kan meer was ik je al worden had tot moet "
        "veel tegen onder zo zou"
    ),
    "nya": (
        "ndi a ku la wa anthu kuti pa kwa mu dziko ya komanso cha ntchito za omwe iwo nkhani zomwe anati pamene ndipo "
        "ena amene ngati malo koma chifukwa ali chaka zaka zinthu izi komwe nthawi ma mwa yomwe njira ana ka ati "
        "kuchokera awo gulu lonse kapena kukhala nawo kamba kwambiri lomwe ambiri pakati ndine"
    ),
    "pcm": (
        "di for dey wey dem and of to say don go as na tok be e no make we am get one pipo on inside dis fit wit im "
        "take from do hin dia but kom all a awa wetin kontri in dat by afta give time or wen some two you see also "
        "she una sey"
    ),
    "por": (
        "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das tem seu sua ou "
        "quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos ter seus quem nas foi são "
        "está ser pelos anos"
    ),
    "rus": (
        "и в не на что с по это как он из за к а но то его у от так для о же все мы или бы год был ее до если только "
        "когда уже также чтобы еще они при были я после во может этого этом которые была которых со было лет под "
        "который где без"
    ),
    "sna": (
        "kuti uye iri vanhu kubva kana asi vari nyika iyi muna akati pamusoro pasi izvi basa makumi ari pane mushure "
        "nekuti akadaro kune munyika ichi gumi zviri mari ava anoti avo dzimwe pakati vakange nzvimbo chete maviri "
        "zvinhu uyu vakati kuita munhu idzi mabasa yavo nekuda dziri uku mumwe uyo vana apo matatu aya kunyangwe "
        "mberi zvakare"
    ),
    "spa": (
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin "
        "sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde nos durante uno "
        "ni contra"
    ),
    "swa": (
        "ya na wa kwa za katika ni la kwenye kuwa cha kama watu vya hiyo kwamba wakati yake zaidi kutoka hii kuhusu "
        "lakini pamoja siku au pia wake moja baada hata huo sana mara sasa hivyo sababu ambayo ambao ili yao kazi huu "
        "hilo wengi hivi kila hili mtu tu huko namna mmoja sehemu yeye mimi"
    ),
    "tgl": (
        "ang ng sa na mga ay at si ni hindi para niya ito siya kanyang isang nang kung ko pa mo namin din ako naman "
        "may lang mula kaya nila sila ka o rin iyon pero noong bago kay tayo po dahil habang upang natin ating ba iba "
        "sina kanilang kanya nito isa wala pag siyang dapat doon lahat"
    ),
    "tsn": (
        "go le e ya a ka ba o mo kwa di ga wa re tsa ke gore se tse sa ne la fa mme gagwe jwa nna bona yo na batho "
        "jaaka tlaa ntlha dira morago jalo bo bua tla nako fela rona yona neng pele thata tshwanetse gape mongwe ntse "
        "tiro nang kgotsa leng dingwe letsatsi"
    ),
    "tur": (
        "ve bir bu da de için ile çok olarak daha olan gibi ne var kadar sonra ama en ki o değil ise ya her mi ben "
        "diye oldu göre yok iki sadece kendi olduğunu yeni büyük onun bunu biz ancak zaman hem şey nasıl veya "
        "tarafından arasında yıl ilk içinde vardı dedi bana olduğu"
    ),
    "twi": (
        "no a se na wo mu ne ho won so yi de bi saa ye nso adwuma wode ara bere aban nnipa ama ma nyinaa ewo dee yen "
        "biara oman kwan sika nti nanso kaa too eye kyere asem nea me nneema ano ode da ase ka aye anaa mma foforo "
        "baako te aba bo wowo nsem afe enam den"
    ),
    "urd": (
        "کے میں کی ہے سے کا اور کو پر یہ نے کہ اس ایک بھی ہیں نہیں ہو تو لیے تھا کر جو ہی گیا تھی یا ساتھ رہے وہ ان "
        "اپنے تھے رہا بعد کیا کہا کرنے جا تک دیا کچھ اب دو ہوئے ہوا طرح جس اپنی گئی ہوتا جاتا ہم کوئی لئے والے جب"
    ),
    "vie": (
        "và của là có các một được cho trong không người với đã những đến này khi ở về từ năm thì ra vào sự còn làm "
        "như cũng để phải nhiều lại tại ngày sau tôi do theo nhất trên hơn công thành chỉ anh hai rất vì rồi họ nó"
    ),
    "wol": (
        "ci ak yi bi nu a bu na ne mu ko mi yu ay ni gi am te di ba li ngir lu la ca nanu xam nekk seen wax wi men "
        "ngi leen dafa benn war moo def mooy waaye nga gen yoon woon doon ndax ab gu wala jel ji tax nit moom sunu "
        "bokk ma du waa at naari rekk"
    ),
    "xho": (
        "ukuba kunye kwaye utshilo abantu kodwa uthe ngo apho uthi okanye xa le ngoku emva kakhulu kuba ngenxa nto "
        "malunga ukuze uxelele oko nje into ngaphandle oku eli na kulo njengoko kukho ukuya indawo watsho phakathi "
        "kufuneka kokuba kwi ukusukela izinto ke uninzi yonke abanye yokuba ngoko indlela loo ngakumbi abo kweli "
        "ngaphambili nangona"
    ),
    "yor": (
        "ti ni awon o won si to n wa se pe lati ati naa fun je ko lo a ki ile yii kan ninu fi bi maa ohun so ba mo re "
        "le yoo ara pelu eto odun gba mu omo i ise lori gbogbo oro da ri ojo gbe eyi e di nipa mi eniyan owo sugbon"
    ),
    "zho": (
        "的 了 是 在 不 有 这 们 他 她 个 为 和 说 对 来 到 就 也 你 我 会 着 没 "
        "把 被 让 给 从 还 等 与 及 那 么 吗 呢 吧 其 而"
    ),
    "zul": (
        "ukuthi futhi kakhulu kodwa noma kanye uma lapho abantu kusho ukuba ukuze njengoba ngesikhathi uthe ngo kube "
        "nje khona phakathi lokho wathi lokhu ngokuthi ngemuva wakhe yakhe kahle manje ngaphambi bese emuva ngoba "
        "ngaphandle isikhathi le indawo phambili ngenkathi ngayo wonke kwakhe kusukela ngenxa kuphela umuntu kepha lo "
        "konke kanti yini zonke yonke bonke"
    ),
}
